import {
  ADMIN_SECRET,
  type CallOptions,
  type Json,
  openWorld,
  type Reply,
  type World,
} from "./world.ts";

/** No limit but those that a test asks for. */
export const UNLIMITED = { address: 0, anonymous: 0, key: 0, product: 0, licenseKey: 0 };

export const openGecko = (options: Parameters<typeof openWorld>[0] = {}): Promise<World> =>
  openWorld({
    ...options,
    settings: { geckoguardPerMinute: UNLIMITED, ...options.settings },
  });

/** A product and a key of it. */
export type Owner = { readonly productId: string; readonly keyId: string; readonly apiKey: string };

/** A key of the product with that handle, which is made if there is none; without `scopes` it has all. */
export async function geckoKey(world: World, handle = "prod_gecko", terms: Json = {}) {
  const { creatorId } = terms;
  const headers = { "x-admin-secret": ADMIN_SECRET };
  const product = { name: handle, productId: handle, ...(creatorId ? { creatorId } : {}) };
  await world.call("createProduct", product, { headers });
  const ask = { name: "bot", kind: "geckoguard", productId: handle, ...terms };
  const made = await world.admin("createApiKey", ask);
  const { productUuid, keyId, apiKey } = made as Record<string, string>;
  return { productId: productUuid, keyId, apiKey } as Owner;
}

type Ask = CallOptions & { readonly body?: unknown };

/** A call as `GET /v1/whoami`, with that key if there is one. */
export function geckoCall(world: World, route: string, owner?: Partial<Owner>, ask: Ask = {}) {
  const [method = "GET", path = "/"] = route.split(" ");
  const { body, headers, ...more } = ask;
  const key: Record<string, string> = owner?.apiKey ? { "x-api-key": owner.apiKey } : {};
  return world.call(path.slice(1), body, { ...more, method, headers: { ...key, ...headers } });
}

type Failed = { readonly body: Json };
type Failure = { readonly code: string; readonly details?: readonly { readonly path: string }[] };

export const codeOf = ({ body }: Failed) => (body["error"] as Failure | undefined)?.code;

/** How a call was refused; a success has no code. */
export const said = (reply: Reply) => [reply.status, codeOf(reply)];

/** An id that nothing has. */
export const NOBODYS = "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10";

/** The fields that a 400 names. */
export const detailsOf = ({ body }: Failed) =>
  (body["error"] as Failure | undefined)?.details?.map(({ path }) => path);
