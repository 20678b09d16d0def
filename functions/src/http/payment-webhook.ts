import type { Provider } from "../core/payments.ts";
import type { Deps } from "../operations/deps.ts";
import { type Receipt, receivePayment } from "../operations/payments/receive-payment.ts";
import { countRejection } from "../operations/payments/rejections.ts";
import type { PaymentSource, Proof } from "../payments/payment-source.ts";
import { Problem } from "./problem.ts";
import type { Received, WebhookCredentials } from "./request.ts";

/** Kept with an event until it is done, sealed, in one document of at most 1 MiB. */
const MAX_BYTES = 384 * 1024;

const REFUSED: Readonly<Record<Exclude<Proof, "good">, string>> = {
  unsigned: "The request carries no proof of where it comes from.",
  forged: "The signature or secret is not right.",
  stale: "The signature's time is more than 300 seconds off.",
};

export const unproven = (proof: Exclude<Proof, "good">): Problem =>
  new Problem(proof === "stale" ? "INVALID_REQUEST" : "UNAUTHENTICATED", REFUSED[proof]);

/** Does what a payment provider announces. Throws a problem where the request does not prove its origin. */
export async function receiveWebhook(
  deps: Deps,
  ask: {
    readonly provider: Provider;
    readonly source: PaymentSource;
    readonly received: Received;
    readonly ours: WebhookCredentials;
    /** Which alone it may sell for; null is any. */
    readonly accountId: string | null;
  },
): Promise<Receipt> {
  const { provider, source, received, ours, accountId } = ask;
  const proof = await source.prove(received, ours, deps.now());
  if (proof !== "good") {
    countRejection(deps, provider);
    throw unproven(proof);
  }
  const { raw } = received;
  if (raw.length > MAX_BYTES) {
    throw new Problem("PAYLOAD_TOO_LARGE", `The body is larger than ${MAX_BYTES} bytes.`);
  }
  return receivePayment(deps, { provider, raw, read: source.read, accountId });
}
