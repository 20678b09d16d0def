import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listWebhookEndpoints as list } from "../../operations/webhooks/list-webhook-endpoints.ts";
import { cursor, listedCreatorId, nextCursor, pageLimit } from "../fields.ts";
import { endpointRecord, endpointShape } from "./records.ts";

export const listWebhookEndpoints = defineEndpoint({
  name: "listWebhookEndpoints",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "webhooks:read",
  accountWide: true,
  summary: "List webhook endpoints, newest first",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({ creatorId: listedCreatorId, limit: pageLimit, cursor })
    .meta({ id: "ListWebhookEndpointsRequest" }),
  output: z
    .object({ success: z.literal(true), endpoints: z.array(endpointShape), nextCursor })
    .meta({ id: "ListWebhookEndpointsResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    return {
      success: true as const,
      endpoints: items.map(endpointRecord),
      nextCursor: next ?? null,
    };
  },
});
