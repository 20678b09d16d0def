import * as z from "zod";
import { lemonSqueezy } from "../../payments/lemon-squeezy.ts";
import { defineWebhook } from "./define-webhook.ts";

export const lemonSqueezyWebhook = defineWebhook({
  name: "lemonSqueezyWebhook",
  provider: "lemonSqueezy",
  source: lemonSqueezy,
  summary: "Lemon Squeezy announces a sale",
  description: "Proof of origin: `X-Signature` over the bytes of the body.",
  input: z.looseObject({ meta: z.looseObject({}), data: z.looseObject({}) }).meta({
    id: "LemonSqueezyWebhookRequest",
    description: "A webhook of Lemon Squeezy; docs/payments.md says which have a consequence.",
    example: {
      meta: { event_name: "order_created", custom_data: { campaign: "spring" } },
      data: {
        type: "orders",
        id: "1001",
        attributes: {
          status: "paid",
          user_email: "artist@example.com",
          first_order_item: { order_id: 1001, product_id: 98765, variant_id: 184321, quantity: 1 },
        },
      },
    },
  }),
});
