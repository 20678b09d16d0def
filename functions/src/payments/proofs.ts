import { createHmac } from "node:crypto";
import { sameSecret } from "../crypto/vault.ts";
import type { Proof } from "./payment-source.ts";

/** How far the time in a signature may be from ours, either way. */
export const TOLERANCE_MS = 300_000;

/** Judges a right signature by the time that it covers. */
export const freshness = (signedAt: number, now: number): Proof =>
  Math.abs(now - signedAt) <= TOLERANCE_MS ? "good" : "stale";

/** Judges a secret that came as it is. An endpoint without a secret of its own believes nobody. */
export function proofOf(given: unknown, secret: string): Proof {
  if (given === undefined) return "unsigned";
  return typeof given === "string" && secret !== "" && sameSecret(given, secret)
    ? "good"
    : "forged";
}

/**
 * Whether one of these is the hexadecimal HMAC-SHA256 of the message. An empty secret verifies nothing:
 * anybody could have signed with it.
 */
export function signedByOneOf(
  signatures: readonly string[],
  secret: string,
  ...message: readonly (string | Buffer)[]
): boolean {
  if (secret === "") return false;
  const hmac = createHmac("sha256", secret);
  for (const part of message) hmac.update(part);
  const expected = hmac.digest("hex");
  return signatures.some((signature) => sameSecret(signature.toLowerCase(), expected));
}
