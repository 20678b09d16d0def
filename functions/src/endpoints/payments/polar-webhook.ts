import * as z from "zod";
import { polar } from "../../payments/polar.ts";
import { defineWebhook } from "./define-webhook.ts";

export const polarWebhook = defineWebhook({
  name: "polarWebhook",
  provider: "polar",
  source: polar,
  summary: "Polar announces a sale",
  description:
    "Proof of origin: `webhook-signature` over `webhook-id`, `webhook-timestamp` and the bytes of the body. `POST /v1/billing/polar-webhook` is the same.",
  signsTime: true,
  input: z.looseObject({ type: z.string(), data: z.looseObject({ id: z.string() }) }).meta({
    id: "PolarWebhookRequest",
    description: "An event of Polar; docs/payments.md says which have a consequence.",
    example: {
      type: "order.paid",
      timestamp: "2026-11-20T09:00:00Z",
      data: {
        id: "0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0c01",
        status: "paid",
        billing_reason: "purchase",
        product_id: "5d1c9a10-3c1e-4c58-9a0e-2b7f9e1c4a11",
        subscription_id: null,
        customer: { email: "artist@example.com", external_id: null },
        metadata: { productId: "prod_abc123", variant: "pro" },
      },
    },
  }),
});
