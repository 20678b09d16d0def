import type { Received, WebhookCredentials } from "../http/request.ts";
import type { Proof } from "./payment-source.ts";
import { freshness, TOLERANCE_MS } from "./proofs.ts";

export async function proveStripe(
  { raw, headers }: Received,
  { secret }: WebhookCredentials,
  now: number,
): Promise<Proof> {
  const header = signatureHeader(headers);
  if (!header) return "unsigned";
  const signedAt = signedAtMs(header);
  if (signedAt === null || secret.trim() === "") return "forged";

  // Some 100 ms to load, which no other function should pay.
  const { default: Stripe } = await import("stripe");
  const { signature } = Stripe.webhooks;
  const tolerance = TOLERANCE_MS / 1_000;
  try {
    // As text: the package decodes bytes forgivingly. As of when it was signed: the package takes
    // any time to come, and tells an old proof from a wrong one by its words only.
    if (!signature?.verifyHeader(raw.toString(), header, secret, tolerance, undefined, signedAt))
      return "forged";
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return "forged";
    throw error;
  }
  return freshness(signedAt, now);
}

const signatureHeader = (headers: Received["headers"]): string =>
  [headers["stripe-signature"]].flat().join(",");

/** A header with two times is nobody's: the one that is signed and the one that is checked could differ. */
function signedAtMs(header: string): number | null {
  const times = header.split(",").filter((part) => /^\s*t\s*(?:=|$)/.test(part));
  const seconds = times.length === 1 ? /^t=(\d{1,11})$/.exec(times[0] ?? "")?.[1] : undefined;
  return seconds === undefined ? null : Number(seconds) * 1_000;
}
