import * as z from "zod";
import { stripe } from "../../payments/stripe.ts";
import { defineWebhook } from "./define-webhook.ts";

export const stripeWebhook = defineWebhook({
  name: "stripeWebhook",
  provider: "stripe",
  source: stripe,
  summary: "Stripe announces a sale",
  description: "Proof of origin: `Stripe-Signature` over the bytes of the body.",
  signsTime: true,
  input: z.looseObject({ id: z.string(), type: z.string(), data: z.looseObject({}) }).meta({
    id: "StripeWebhookRequest",
    description: "An event of Stripe; docs/payments.md says which have a consequence.",
    example: {
      id: "evt_1001",
      object: "event",
      type: "checkout.session.completed",
      data: {
        object: {
          id: "cs_1001",
          object: "checkout.session",
          mode: "payment",
          payment_status: "paid",
          payment_intent: "pi_1001",
          customer_details: { email: "artist@example.com" },
          metadata: { productId: "prod_abc123", variant: "pro" },
        },
      },
    },
  }),
});
