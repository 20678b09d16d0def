import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { sameSecret } from "../crypto/vault.ts";
import type { Proof } from "./payment-source.ts";
import { freshness } from "./proofs.ts";

const VERSION = "v1,";

/** The proof of Standard Webhooks: HMAC-SHA256 in Base64 over id, time and bytes, by any of the keys. */
export function standardProof({
  headers,
  raw,
  keys,
  now,
}: {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  /** None believes nobody. */
  readonly keys: readonly Buffer[];
  readonly now: number;
}): Proof {
  const [id, time, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(
    (name) => headers[name],
  );
  if (!id || !time || !signature) return "unsigned";
  if (typeof time !== "string" || !/^\d{1,12}$/.test(time)) return "forged";
  // There are several while the sender replaces its secret.
  const given = String(signature)
    .split(" ")
    .filter((one) => one.startsWith(VERSION))
    .map((one) => one.slice(VERSION.length));
  const expected = keys.map((key) =>
    createHmac("sha256", key).update(`${id}.${time}.`).update(raw).digest("base64"),
  );
  const good = given.some((one) => expected.some((right) => sameSecret(one, right)));
  return good ? freshness(Number(time) * 1_000, now) : "forged";
}
