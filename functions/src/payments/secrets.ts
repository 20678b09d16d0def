import { sameSecret } from "../crypto/vault.ts";
import type { Proof } from "./payment-source.ts";

/** Judges a secret that came as it is. An endpoint without a secret of its own believes nobody. */
export function proofOf(given: unknown, secret: string): Proof {
  if (given === undefined) return "unsigned";
  return typeof given === "string" && secret !== "" && sameSecret(given, secret)
    ? "good"
    : "forged";
}
