import type { Message } from "../core/payments.ts";
import type { Received, WebhookCredentials } from "../http/request.ts";

/**
 * Whether the provider sent it. `unsigned`: no proof in the place where it belongs; `forged`: a proof
 * that is not right; `stale`: a right one whose time is more than 300 s off.
 */
export type Proof = "good" | "unsigned" | "forged" | "stale";

/** A provider's wire format. Holds no rule of licensing. */
export type PaymentSource = {
  readonly prove: (
    received: Received,
    ours: WebhookCredentials,
    now: number,
  ) => Proof | Promise<Proof>;
  /** Reads a payload that proved its origin; it never throws: what cannot be read is `unusable`. */
  readonly read: (raw: Buffer) => Message;
};
