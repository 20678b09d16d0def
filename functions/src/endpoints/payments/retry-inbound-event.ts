import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { retryInboundEvent as retry } from "../../operations/payments/retry-inbound-event.ts";
import { text } from "../fields.ts";
import { receiptRecord, receiptShape } from "./records.ts";
import { sources } from "./sources.ts";

export const retryInboundEvent = defineEndpoint({
  name: "retryInboundEvent",
  methods: ["POST"],
  access: "admin",
  scope: "payments:write",
  accountWide: true,
  summary: "Try an event again that failed",
  description:
    "After you mended what its reason says: made the product, listed the provider's id. One that did not fail answers as it did.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["INBOUND_EVENT_NOT_FOUND"],
  input: z
    .strictObject({
      eventId: text(64)
        .regex(/^[\w-]+$/, "must be an eventId of listInboundEvents")
        .meta({ example: "pVUwJQmVh1Bq0nVbT5cWq0uOeXwQ1c6b5dLh8kF3y2s" }),
    })
    .meta({ id: "RetryInboundEventRequest" }),
  output: receiptShape("retryInboundEventResponse", true),
  async handle(deps, { eventId }, principal) {
    const read = (provider: keyof typeof sources) => sources[provider].read;
    const decision = await retry(deps, principal, { eventId, read });
    return decision.ok ? receiptRecord(decision.receipt, true) : decision;
  },
});
