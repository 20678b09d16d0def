import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createLicense as create } from "../../operations/licenses/create-license.ts";
import {
  creatorId,
  email,
  expiry,
  handle,
  licenseKey,
  licenseType,
  productId,
  slots,
  text,
} from "../fields.ts";

export const createLicense = defineEndpoint({
  name: "createLicense",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Create a license",
  description:
    "What is left out comes from the variant, else from the defaults: per-machine, 2 machines, perpetual.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "ACCOUNT_FIXED"],
  input: z
    .strictObject({
      email,
      productId,
      variant: handle(128).optional().meta({ description: "Default `indie`.", example: "pro" }),
      maxMachines: slots.optional().meta({ description: "-1 is unlimited.", example: 3 }),
      maxConcurrent: slots.optional().meta({
        description: "Seats of a floating license; `maxMachines` when left out.",
        example: 5,
      }),
      licenseType: licenseType.optional(),
      expiresAt: expiry.optional(),
      discountCode: text(128).optional(),
      purchaseId: text(256).optional().meta({ example: "pur_1001" }),
      bundleId: text(128).optional(),
      unlockedProducts: z
        .array(productId, "must be a list of product ids")
        .max(50, "must name at most 50 products")
        .optional()
        .meta({ description: "Other products of the account this license is good for." }),
      creatorId: creatorId.optional(),
    })
    .meta({ id: "CreateLicenseRequest" }),
  output: z.object({ success: z.literal(true), licenseKey }).meta({ id: "CreateLicenseResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    return decision.ok ? { success: true as const, licenseKey: decision.licenseKey } : decision;
  },
});
