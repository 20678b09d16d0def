import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { deleteWebhookEndpoint as remove } from "../../operations/webhooks/delete-webhook-endpoint.ts";
import { endpointId } from "./records.ts";

export const deleteWebhookEndpoint = defineEndpoint({
  name: "deleteWebhookEndpoint",
  methods: ["POST"],
  access: "admin",
  scope: "webhooks:write",
  accountWide: true,
  summary: "Delete a webhook endpoint",
  description: "What is on its way to it is dropped.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["WEBHOOK_ENDPOINT_NOT_FOUND"],
  input: z.strictObject({ endpointId }).meta({ id: "DeleteWebhookEndpointRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "DeleteWebhookEndpointResponse" }),
  async handle(deps, input, principal) {
    const decision = await remove(deps, principal, input.endpointId);
    return decision.ok ? { success: true as const } : decision;
  },
});
