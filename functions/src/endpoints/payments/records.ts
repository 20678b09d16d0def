import * as z from "zod";
import { PROVIDERS } from "../../core/payments.ts";
import type { InboundEvent } from "../../core/purchases.ts";
import type { Receipt } from "../../operations/payments/receive-payment.ts";
import { iso, pastInstant } from "../fields.ts";

const status = z
  .enum(
    ["done", "ignored", "waiting", "failed"],
    'must be "done", "ignored", "waiting" or "failed"',
  )
  .meta({
    description:
      "`ignored` has no consequence; `waiting` takes effect with another event; `failed` is kept for `retryInboundEvent`.",
    example: "done",
  });
export const inboundStatus = status;

const eventId = z.string().meta({
  description: "For `listInboundEvents` and `retryInboundEvent`.",
  example: "pVUwJQmVh1Bq0nVbT5cWq0uOeXwQ1c6b5dLh8kF3y2s",
});

const keys = {
  licenseKey: z
    .string()
    .optional()
    .meta({ description: "Of a completed sale.", example: "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD" }),
  licenseKeys: z.array(z.string()).optional().meta({ description: "All of them." }),
};

export const receiptShape = (id: string, showsKeys: boolean) =>
  z
    .object({
      success: z.boolean().meta({
        description: "False for `failed`: the event is safe and changed nothing.",
        example: true,
      }),
      status,
      eventId,
      error: z.string().optional().meta({ description: "Why it failed." }),
      reason: z.string().optional().meta({ description: "Why it was ignored or waits." }),
      ...((showsKeys ? keys : {}) as typeof keys),
    })
    .meta({ id: `${id[0]?.toUpperCase()}${id.slice(1)}` });

export function receiptRecord(receipt: Receipt, showsKeys: boolean) {
  const { id, status, reason, licenseKeys } = receipt;
  const failed = status === "failed";
  const why = reason === null ? {} : failed ? { error: reason } : { reason };
  const [licenseKey] = showsKeys ? licenseKeys : [];
  return {
    success: !failed,
    status,
    eventId: id,
    ...why,
    ...(licenseKey === undefined ? {} : { licenseKey, licenseKeys: [...licenseKeys] }),
  };
}

/** An inbound event as lists show it: never the payload, which holds the buyer's data. */
export const inboundEventShape = z
  .object({
    eventId,
    provider: z.enum(PROVIDERS).meta({ example: "stripe" }),
    type: z.string().meta({
      description: "The provider's name for it.",
      example: "checkout.session.completed",
    }),
    providerEventId: z.string().nullable().meta({
      description:
        "By which the event is found at the provider: its id, or what tells the event from others; null where it has none.",
      example: "evt_1001",
    }),
    status,
    reason: z.string().nullable().meta({ example: null }),
    creatorId: z
      .string()
      .nullable()
      .meta({ description: "Null while no product says whose it is.", example: "default" }),
    attempts: z.int().meta({ example: 1 }),
    receivedAt: pastInstant,
    updatedAt: pastInstant,
  })
  .meta({ id: "InboundEvent" });

export const inboundEventRecord = (event: InboundEvent): z.input<typeof inboundEventShape> => ({
  eventId: event.id,
  provider: event.provider,
  type: event.type,
  providerEventId: event.providerEventId,
  status: event.status,
  reason: event.reason,
  creatorId: event.accountId,
  attempts: event.attempts,
  receivedAt: iso(event.receivedAt),
  updatedAt: iso(event.updatedAt),
});
