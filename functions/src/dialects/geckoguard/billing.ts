import { receiveWebhook } from "../../http/payment-webhook.ts";
import type { Route } from "../../http/router.ts";
import { polar } from "../../payments/polar.ts";
import { success } from "./envelope.ts";

/** Polar's few addresses send for everybody, so their requests are not counted: proofs that fail are. */
export const polarWebhook: Route = {
  method: "POST",
  path: "/v1/billing/polar-webhook",
  async handle(deps, { headers, body: raw, webhookCredentials }) {
    const { id, status, reason } = await receiveWebhook(deps, {
      provider: "polar",
      source: polar,
      received: { headers, raw, query: {} },
      ours: webhookCredentials("polar"),
      accountId: null,
    });
    return { status: 200, body: success({ eventId: id, status, reason }) };
  },
};
