import * as z from "zod";
import { email, expiry, handle, licenseType, productId, slots, text } from "../fields.ts";

/** What a new license is made of, whoever chooses its key. */
export const newLicenseFields = {
  email,
  productId,
  variant: handle(128).optional().meta({ description: "Default `indie`.", example: "pro" }),
  maxMachines: slots.optional().meta({ description: "-1 is unlimited.", example: 3 }),
  maxConcurrent: slots.optional().meta({
    description: "Seats of a floating license; `maxMachines` when left out.",
    examples: [5],
  }),
  licenseType: licenseType.optional(),
  expiresAt: expiry.optional(),
  discountCode: text(128).optional().meta({ example: "SPRING-K7X4" }),
  purchaseId: text(256).optional().meta({
    description:
      "Refunds, disputes and renewals that `webhook` announces for this purchase of the product reach the license.",
    example: "pur_1001",
  }),
  bundleId: text(128).optional().meta({
    description: "When left out, the product's handle if its `unlocks` apply.",
  }),
  unlockedProducts: z
    .array(productId, "must be a list of product ids")
    .max(50, "must name at most 50 products")
    .optional()
    .meta({
      description:
        "Other products of the account this license is good for; the product's `unlocks` when left out.",
      example: ["prod_def456"],
    }),
};
