import * as z from "zod";
import { native } from "../../payments/native.ts";
import { email, licenseType, productId, slots, text } from "../fields.ts";
import { defineWebhook } from "./define-webhook.ts";

const days = z.int().min(1).max(36_500);

const input = z
  .looseObject({
    type: z
      .enum([
        "purchase.completed",
        "purchase.refunded",
        "purchase.disputed",
        "purchase.dispute_won",
        "subscription.renewed",
        "subscription.cancelled",
      ])
      .meta({ example: "purchase.completed" }),
    email,
    productId,
    variant: text(64).optional().meta({ example: "pro" }),
    purchaseId: text(200).optional().meta({
      description: "Finds the purchase again; send it with every event.",
      example: "pur_1001",
    }),
    eventId: text(200).optional().meta({
      description: "Unique for the event; without it a repeat is told by its bytes.",
      example: "evt_1001",
    }),
    licenseType: licenseType.optional(),
    maxMachines: slots.optional().meta({ example: 3 }),
    discountCode: text(64)
      .optional()
      .meta({ examples: ["SPRING-26"] }),
    trialDays: days.optional().meta({ examples: [14] }),
    durationDays: days.optional().meta({
      description: "The period of a subscription.",
      example: 365,
    }),
    amount: z.number().optional().meta({ example: 149 }),
    currency: z.string().optional().meta({ example: "USD" }),
    webhookSecret: z
      .string()
      .optional()
      .meta({ description: "In place of the header `X-Webhook-Secret`." }),
  })
  .meta({ id: "WebhookRequest" });

const named = (name: string) =>
  defineWebhook({
    name,
    provider: "native",
    source: native,
    summary: "Your own shop announces a sale",
    description: "Proof of origin: the header `X-Webhook-Secret`, or `webhookSecret` in the body.",
    input,
    showsKeys: true,
  });

export const webhook = named("webhook");
/** The name that the reference's marketplace calls. */
export const cgloungeWebhook = named("cgloungeWebhook");
