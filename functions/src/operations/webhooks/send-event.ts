import type { Delivery, WebhookEndpoint } from "../../core/webhooks.ts";

/** What one attempt came to. */
export type Attempt = {
  /** Answered with a 2xx in time. */
  readonly delivered: boolean;
  /** Of the answer; null when there was none. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
};

/** Makes one attempt to send an event to an endpoint in its format, signed with its secrets. */
export type SendEvent = (
  endpoint: WebhookEndpoint,
  message: Pick<Delivery, "id" | "type" | "productId" | "licenseId" | "data" | "occurredAt">,
) => Promise<Attempt>;
