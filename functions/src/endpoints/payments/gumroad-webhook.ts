import * as z from "zod";
import { gumroad } from "../../payments/gumroad.ts";
import { defineWebhook } from "./define-webhook.ts";

export const gumroadWebhook = defineWebhook({
  name: "gumroadWebhook",
  provider: "gumroad",
  source: gumroad,
  summary: "Gumroad announces a sale",
  description: "Proof of origin: `?secret=`, as Gumroad signs nothing. Form-encoded, or JSON.",
  reads: ["application/x-www-form-urlencoded", "application/json"],
  input: z.looseObject({ sale_id: z.string() }).meta({
    id: "GumroadWebhookRequest",
    description: "A ping of Gumroad; docs/payments.md says which have a consequence.",
    example: {
      resource_name: "sale",
      sale_id: "sale_1001",
      permalink: "cloudtools",
      email: "artist@example.com",
      quantity: "1",
    },
  }),
});
