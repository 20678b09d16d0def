import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listInboundEvents as list } from "../../operations/payments/list-inbound-events.ts";
import { cursor, listedCreatorId, nextCursor, pageLimit } from "../fields.ts";
import { inboundEventRecord, inboundEventShape, inboundStatus } from "./records.ts";

export const listInboundEvents = defineEndpoint({
  name: "listInboundEvents",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "payments:read",
  accountWide: true,
  summary: "What payment providers announced, newest first",
  description: "Only events that proved their origin; those that did not are counted.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({
      creatorId: listedCreatorId,
      status: inboundStatus.optional(),
      limit: pageLimit,
      cursor,
    })
    .meta({ id: "ListInboundEventsRequest" }),
  output: z
    .object({
      success: z.literal(true),
      events: z.array(inboundEventShape),
      nextCursor,
      rejectedToday: z
        .record(z.string(), z.int())
        .optional()
        .meta({
          description:
            "For the admin secret without `creatorId`: requests that proved no origin since midnight UTC, by provider.",
          example: { native: 0, stripe: 2, gumroad: 0, lemonSqueezy: 0, paddle: 0, polar: 0 },
        }),
    })
    .meta({ id: "ListInboundEventsResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    const events = items.map(inboundEventRecord);
    const { rejected } = decision;
    return {
      success: true as const,
      events,
      nextCursor: next ?? null,
      ...(rejected ? { rejectedToday: rejected } : {}),
    };
  },
});
