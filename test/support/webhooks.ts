import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Stripe from "stripe";
import type { Provider } from "../../functions/src/core/payments.ts";
import { mails } from "../../functions/src/store/collections.ts";
import { payload } from "../payments/payloads.ts";
import { auditOf } from "./change-license.ts";
import { standardHeaders } from "./signed.ts";
import { type CallOptions, type Json, openWorld, type Reply, type World } from "./world.ts";

export type Signer = Exclude<Provider, "native">;
/** `path` is where it goes, if not to the provider's own function. */
type Proof = { readonly secret?: string; readonly at?: number; readonly path?: string };

const hmac = (secret: string, message: string | Buffer) =>
  createHmac("sha256", secret).update(message).digest("hex");

/** What a provider sends beside the body, so that we believe it; `at` is in epoch milliseconds. */
const proofs: Readonly<
  Record<Signer, (raw: Buffer, secret: string, at: number) => Omit<CallOptions, "raw">>
> = {
  stripe: (raw, secret, at) => ({
    headers: {
      "stripe-signature": Stripe.webhooks.generateTestHeaderString({
        payload: raw.toString(),
        secret,
        timestamp: Math.floor(at / 1_000),
      }),
    },
  }),
  gumroad: (_, secret) => ({
    headers: { "content-type": "application/x-www-form-urlencoded" },
    query: { secret },
  }),
  lemonSqueezy: (raw, secret) => ({ headers: { "x-signature": hmac(secret, raw) } }),
  paddle: (raw, secret, at) => {
    const ts = Math.floor(at / 1_000);
    return { headers: { "paddle-signature": `ts=${ts};h1=${hmac(secret, `${ts}:${raw}`)}` } };
  },
  polar: (raw, secret, at) => ({
    headers: standardHeaders(secret, raw, Math.floor(at / 1_000)),
  }),
};

/** One delivery, signed as the provider signs. */
export const deliver = (
  world: World,
  provider: Signer,
  raw: Buffer,
  {
    secret = `test-${provider}-secret`,
    at = world.clock.now(),
    path = `${provider}Webhook`,
  }: Proof = {},
): Promise<Reply> =>
  world.call(path, undefined, {
    raw: new Uint8Array(raw),
    ...proofs[provider](raw, secret, at),
  });

export { payload };

/** One of Gumroad's pings with fields changed; null takes one out. */
export function ping(name: string, changes: Record<string, string | null> = {}): Buffer {
  const file = join(__dirname, "../payments/fixtures/gumroad", `${name}.txt`);
  const fields = new URLSearchParams(readFileSync(file, "utf8").trim());
  for (const [field, value] of Object.entries(changes)) {
    if (value === null) fields.delete(field);
    else fields.set(field, value);
  }
  return Buffer.from(fields.toString());
}

export const licensesIn = async (world: World): Promise<Json[]> =>
  (await world.admin("listLicenses", {}))["licenses"] as Json[];
export const mailsIn = async (world: World) =>
  (await world.store.query(mails, "due", { limit: 100 })).items;
export const eventsIn = async (world: World, more: Json = {}): Promise<Json[]> =>
  (await world.admin("listInboundEvents", more))["events"] as Json[];

/** All that a payment may change. */
export const everythingIn = async (world: World) => ({
  licenses: await licensesIn(world),
  mails: await mailsIn(world),
  events: await eventsIn(world),
  audit: await auditOf(world),
});

/** What became of a purchase, without what says when events came. */
const outcomeIn = async (world: World) =>
  (await licensesIn(world)).map(
    ({ key: _, createdAt: _1, purchasedAt: _2, disputedAt: _3, ...license }) => license,
  );

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

/** The outcomes that the orders of these deliveries have, each with the orders that have it. */
export async function outcomesOf(
  provider: Signer,
  deliveries: Readonly<Record<string, Buffer>>,
  prepare: (world: World) => Promise<unknown>,
): Promise<Map<string, string[]>> {
  const outcomes = new Map<string, string[]>();
  for (const order of permutations(Object.entries(deliveries))) {
    const world = await openWorld();
    try {
      await prepare(world);
      for (const [name, raw] of order) {
        const { status, body } = await deliver(world, provider, raw);
        if (status !== 200) throw new Error(`${name}: ${JSON.stringify(body)}`);
      }
      const names = order.map(([name]) => name).join(", ");
      const left = await eventsIn(world, { status: "failed" });
      const waiting = await eventsIn(world, { status: "waiting" });
      const outcome = JSON.stringify({
        licenses: await outcomeIn(world),
        unsettled: [...left, ...waiting].map(({ type, reason }) => ({ type, reason })),
      });
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), names]);
      if ((await mailsIn(world)).length > 1) throw new Error(`${names}: several mails`);
    } finally {
      await world.close();
    }
  }
  return outcomes;
}
