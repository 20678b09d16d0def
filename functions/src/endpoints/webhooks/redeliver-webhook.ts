import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { redeliverWebhook as redeliver } from "../../operations/webhooks/redeliver-webhook.ts";
import { deliveryId, deliveryRecord, deliveryShape } from "./records.ts";

export const redeliverWebhook = defineEndpoint({
  name: "redeliverWebhook",
  methods: ["POST"],
  access: "admin",
  scope: "webhooks:write",
  accountWide: true,
  summary: "Send a delivery again",
  description:
    "Under the same id, now. One that was settled starts its attempts anew; one that waits for its next attempt does not wait.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["WEBHOOK_DELIVERY_NOT_FOUND", "WEBHOOK_ENDPOINT_DISABLED"],
  input: z.strictObject({ deliveryId }).meta({ id: "RedeliverWebhookRequest" }),
  output: z
    .object({ success: z.literal(true), delivery: deliveryShape })
    .meta({ id: "RedeliverWebhookResponse" }),
  async handle(deps, input, principal) {
    const decision = await redeliver(deps, principal, input.deliveryId);
    if (!decision.ok) return decision;
    return { success: true as const, delivery: deliveryRecord(decision.delivery) };
  },
});
