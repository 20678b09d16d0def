import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { rotateWebhookSecret as rotate } from "../../operations/webhooks/rotate-webhook-secret.ts";
import { iso, isoInstant } from "../fields.ts";
import { endpointId, secret } from "./records.ts";

export const rotateWebhookSecret = defineEndpoint({
  name: "rotateWebhookSecret",
  methods: ["POST"],
  access: "admin",
  scope: "webhooks:write",
  accountWide: true,
  summary: "Give a webhook endpoint a new secret",
  description:
    "The old one signs along for 24 hours, so that receivers can change at leisure. Rotated again, the oldest stops at once. The format `proxgate` has room for one signature: there the old one stops at once.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["WEBHOOK_ENDPOINT_NOT_FOUND"],
  input: z.strictObject({ endpointId }).meta({ id: "RotateWebhookSecretRequest" }),
  output: z
    .object({ success: z.literal(true), secret, previousSecretEndsAt: isoInstant })
    .meta({ id: "RotateWebhookSecretResponse" }),
  async handle(deps, input, principal) {
    const decision = await rotate(deps, principal, input.endpointId);
    if (!decision.ok) return decision;
    const { secret, previousEndsAt } = decision;
    return { success: true as const, secret, previousSecretEndsAt: iso(previousEndsAt) };
  },
});
