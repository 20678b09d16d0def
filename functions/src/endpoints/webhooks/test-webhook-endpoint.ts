import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { testWebhookEndpoint as ping } from "../../operations/webhooks/test-webhook-endpoint.ts";
import { endpointId, lastError, lastStatus } from "./records.ts";

export const testWebhookEndpoint = defineEndpoint({
  name: "testWebhookEndpoint",
  methods: ["POST"],
  access: "admin",
  scope: "webhooks:write",
  accountWide: true,
  summary: "Send `test.ping` to a webhook endpoint",
  description:
    "Once and at once, whatever it subscribes to and also while it is disabled. Nothing is kept of it.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["WEBHOOK_ENDPOINT_NOT_FOUND"],
  input: z.strictObject({ endpointId }).meta({ id: "TestWebhookEndpointRequest" }),
  output: z
    .object({
      success: z.literal(true),
      delivered: z
        .boolean()
        .meta({ description: "Answered with a 2xx within 10 seconds.", example: true }),
      status: lastStatus,
      error: lastError,
      durationMs: z.int().meta({ example: 84 }),
    })
    .meta({ id: "TestWebhookEndpointResponse" }),
  async handle(deps, input, principal) {
    const decision = await ping(deps, principal, input.endpointId);
    if (!decision.ok) return decision;
    const { delivered, status, error, durationMs } = decision.attempt;
    return { success: true as const, delivered, status, error, durationMs: Math.round(durationMs) };
  },
});
