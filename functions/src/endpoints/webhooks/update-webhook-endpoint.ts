import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateWebhookEndpoint as update } from "../../operations/webhooks/update-webhook-endpoint.ts";
import {
  description,
  enabled,
  endpointId,
  endpointRecord,
  endpointShape,
  events,
  ordered,
  url,
} from "./records.ts";

export const updateWebhookEndpoint = defineEndpoint({
  name: "updateWebhookEndpoint",
  methods: ["POST"],
  access: "admin",
  scope: "webhooks:write",
  accountWide: true,
  summary: "Change a webhook endpoint",
  description:
    "What is left out stays. `enabled: true` starts one again that was disabled; what was dropped meanwhile is for `redeliverWebhook`.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["WEBHOOK_URL_REFUSED", "WEBHOOK_ENDPOINT_NOT_FOUND"],
  input: z
    .strictObject({
      endpointId,
      url: url.optional(),
      events: events.optional(),
      enabled: enabled.optional(),
      description: description.optional(),
      ordered: ordered.optional(),
    })
    .meta({ id: "UpdateWebhookEndpointRequest" }),
  output: z
    .object({ success: z.literal(true), endpoint: endpointShape })
    .meta({ id: "UpdateWebhookEndpointResponse" }),
  async handle(deps, input, principal) {
    const decision = await update(deps, principal, input);
    if (!decision.ok) return decision;
    return { success: true as const, endpoint: endpointRecord(decision.endpoint) };
  },
});
