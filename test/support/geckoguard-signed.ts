import { createHash, createHmac } from "node:crypto";
import type { License } from "../../functions/src/core/records.ts";
import { products } from "../../functions/src/store/collections.ts";
import { changeLicense, licenseOf } from "./change-license.ts";
import type { Owner } from "./geckoguard.ts";
import { type Json, type Reply, send, type World } from "./world.ts";

const PATH = "v1/licenses/authorize";
let drawn = 0;

type Ask = {
  readonly nonce?: string;
  /** Epoch milliseconds. */
  readonly at?: number;
  readonly headers?: Record<string, string>;
  /** Instead of the JSON of the body. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
};

/** The published recipe for signing a request. */
export function signedHeaders(
  apiKey: string,
  { at, nonce, raw }: { at: number; nonce: string; raw: string | Uint8Array },
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const hash = createHash("sha256").update(raw).digest("hex");
  const text = ["POST", `/${PATH}`, timestamp, nonce, hash].join("\n");
  return {
    "x-api-key": apiKey,
    "x-gg-timestamp": timestamp,
    "x-gg-nonce": nonce,
    "x-gg-signature": createHmac("sha256", apiKey).update(text).digest("hex"),
  };
}

/** A signed request to whoever serves at the address. */
export function sendAuthorize(
  url: string,
  apiKey: string,
  body: Json,
  { at = Date.now(), nonce = `nonce-of-a-test-${++drawn}`, headers, raw }: Ask = {},
): Promise<Reply> {
  const bytes = raw ?? JSON.stringify(body);
  const signed = signedHeaders(apiKey, { at, nonce, raw: bytes });
  return send(url, PATH, undefined, { raw: bytes, headers: { ...signed, ...headers } });
}

/** A signed request for the owner's product, unless the body names another. */
export async function authorize(
  world: World,
  owner: Owner,
  body: Json,
  ask: Ask = {},
): Promise<Reply> {
  const whole = { productId: owner.productId, ...body };
  const reply = await sendAuthorize(world.url, owner.apiKey, whole, {
    at: world.clock.now(),
    ...ask,
  });
  await world.settled();
  return reply;
}

/** A license as GeckoGuard's clients make them: its slots follow its policy. */
export async function geckoLicense(
  world: World,
  changes: Partial<License> = {},
  handle = "prod_gecko",
): Promise<string> {
  const licenseKey = await world.license({ productId: handle });
  await changeLicense(world, licenseKey, { slotsByPolicy: true, maxMachines: -1, ...changes });
  return licenseKey;
}

/** What the product says of its licenses from now on. */
export async function setProduct(
  world: World,
  { productId }: Pick<Owner, "productId">,
  patch: Json,
): Promise<void> {
  await world.store.commit([{ kind: "update", collection: products, id: productId, patch }]);
}

/** The live bindings and sessions of a license, beside the counter that they share with machines. */
export async function usedOf(world: World, licenseKey: string) {
  const { authorization, machinesUsed } = await licenseOf(world, licenseKey);
  const live = (all: readonly { revokedAt: number | null }[] = []) =>
    all.filter(({ revokedAt }) => revokedAt === null).length;
  return {
    machinesUsed,
    hwids: live(authorization?.hwids),
    addresses: live(authorization?.addresses),
    sessions: live(authorization?.sessions),
  };
}
