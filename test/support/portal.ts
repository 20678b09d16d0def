import { as, dataOf, openGecko, org, PASSWORD, type Person, person } from "./dashboard.ts";
import { geckoCall, geckoKey, type Owner } from "./geckoguard.ts";
import type { CallOptions, Json, Reply, World } from "./world.ts";

type Ask = CallOptions & { readonly body?: unknown };

/** An organization with a portal, one product, and who owns it. */
export type Portal = {
  readonly owner: Person;
  readonly orgId: string;
  readonly slug: string;
  readonly key: Owner;
};

/** Somebody who is logged in at a portal. */
export type Customer = { readonly id: string; readonly email: string; readonly token: string };

export async function openPortal(world: World, slug = "my-company"): Promise<Portal> {
  const owner = await person(world, `${slug}@example.com`);
  const orgId = await org(world, owner, slug);
  const body = { slug, portalEnabled: true };
  await as(world, owner, `PATCH /v1/dashboard/orgs/${orgId}`, { body });
  const key = await geckoKey(world, `prod_${slug}`, { creatorId: orgId });
  return { owner, orgId, slug, key };
}

/** A call as `GET /v1/enduser/me`, by that customer if there is one. */
export function atPortal(
  world: World,
  who: Customer | undefined,
  route: string,
  ask: Ask = {},
): Promise<Reply> {
  const bearer: Record<string, string> = who ? { authorization: `Bearer ${who.token}` } : {};
  const headers = { ...bearer, ...ask.headers };
  const [method, path] = route.split(" ");
  return geckoCall(world, `${method} /v1/enduser/${path}`, undefined, { ...ask, headers });
}

export const customerOf = (reply: Reply): Customer => {
  const { endUser, token } = dataOf(reply) as { endUser: Json; token: string };
  return { id: String(endUser["id"]), email: String(endUser["email"]), token };
};

export async function customer(
  world: World,
  { slug: orgSlug }: Pick<Portal, "slug">,
  email = "user@example.com",
): Promise<Customer> {
  const body = { orgSlug, email, password: PASSWORD };
  const made = await atPortal(world, undefined, "POST auth/register", { body });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return customerOf(made);
}

/** A license of the portal's product, made by its key. */
export async function portalLicense(
  world: World,
  { key }: Pick<Portal, "key">,
  terms: Json = {},
): Promise<{ readonly licenseId: string; readonly licenseKey: string }> {
  const made = await geckoCall(world, `POST /v1/products/${key.productId}/licenses`, key, {
    body: terms,
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const license = dataOf(made)["license"] as Json;
  return { licenseId: String(license["id"]), licenseKey: String(license["key"]) };
}

export const claim = (world: World, who: Customer, { slug }: Pick<Portal, "slug">, key: string) =>
  atPortal(world, who, "POST licenses/activate", { body: { orgSlug: slug, licenseKey: key } });

export { dataOf, openGecko, PASSWORD };
