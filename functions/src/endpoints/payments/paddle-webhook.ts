import * as z from "zod";
import { paddle } from "../../payments/paddle.ts";
import { defineWebhook } from "./define-webhook.ts";

export const paddleWebhook = defineWebhook({
  name: "paddleWebhook",
  provider: "paddle",
  source: paddle,
  summary: "Paddle announces a sale",
  description: "Proof of origin: `Paddle-Signature` over the bytes of the body.",
  signsTime: true,
  input: z
    .looseObject({ event_id: z.string(), event_type: z.string(), data: z.looseObject({}) })
    .meta({
      id: "PaddleWebhookRequest",
      description: "A notification of Paddle Billing; docs/payments.md says which count.",
      example: {
        event_id: "evt_1001",
        event_type: "transaction.completed",
        occurred_at: "2026-11-20T09:00:00Z",
        data: {
          id: "txn_1001",
          status: "completed",
          origin: "web",
          customer_id: "ctm_1001",
          subscription_id: null,
          items: [
            {
              price: { id: "pri_01habc", product_id: "pro_01habc", custom_data: null },
              quantity: 1,
            },
          ],
          custom_data: { email: "artist@example.com" },
        },
      },
    }),
});
