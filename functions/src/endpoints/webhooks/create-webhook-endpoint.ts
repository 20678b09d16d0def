import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createWebhookEndpoint as create } from "../../operations/webhooks/create-webhook-endpoint.ts";
import { creatorId, productId } from "../fields.ts";
import {
  description,
  enabled,
  endpointRecord,
  endpointShape,
  events,
  format,
  ordered,
  secret,
  url,
} from "./records.ts";

export const createWebhookEndpoint = defineEndpoint({
  name: "createWebhookEndpoint",
  methods: ["POST"],
  access: "admin",
  scope: "webhooks:write",
  accountWide: true,
  summary: "Subscribe a URL to events",
  description:
    "See docs/webhooks.md for the events, the formats and how to verify them. An account has at most 20 endpoints.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [
    "WEBHOOK_URL_REFUSED",
    "ACCOUNT_FIXED",
    "PRODUCT_NOT_FOUND",
    "WEBHOOK_ENDPOINTS_TOO_MANY",
  ],
  input: z
    .strictObject({
      url,
      events,
      format: format.default("standard"),
      productId: productId
        .optional()
        .meta({ description: "Only events of this product; without it, of the whole account." }),
      description: description.default(""),
      ordered: ordered.default(false),
      enabled: enabled.default(true),
      creatorId: creatorId.optional(),
    })
    .meta({ id: "CreateWebhookEndpointRequest" }),
  output: z
    .object({ success: z.literal(true), endpoint: endpointShape, secret })
    .meta({ id: "CreateWebhookEndpointResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    if (!decision.ok) return decision;
    const endpoint = endpointRecord(decision.endpoint);
    return { success: true as const, endpoint, secret: decision.secret };
  },
});
