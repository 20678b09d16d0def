import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listWebhookDeliveries as list } from "../../operations/webhooks/list-webhook-deliveries.ts";
import { cursor, nextCursor, pageLimit } from "../fields.ts";
import { deliveryRecord, deliveryShape, deliveryState, endpointId } from "./records.ts";

export const listWebhookDeliveries = defineEndpoint({
  name: "listWebhookDeliveries",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "webhooks:read",
  accountWide: true,
  summary: "What an endpoint was sent, newest first",
  description: "Kept for 30 days.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["WEBHOOK_ENDPOINT_NOT_FOUND"],
  input: z
    .strictObject({ endpointId, state: deliveryState.optional(), limit: pageLimit, cursor })
    .meta({ id: "ListWebhookDeliveriesRequest" }),
  output: z
    .object({ success: z.literal(true), deliveries: z.array(deliveryShape), nextCursor })
    .meta({ id: "ListWebhookDeliveriesResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    return {
      success: true as const,
      deliveries: items.map(deliveryRecord),
      nextCursor: next ?? null,
    };
  },
});
