import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createVariant as create } from "../../operations/products/create-variant.ts";
import { creatorId, handle, licenseType, productId, slots, text } from "../fields.ts";
import { durationDays, variantIdText } from "./records.ts";

export const createVariant = defineEndpoint({
  name: "createVariant",
  methods: ["POST"],
  access: "admin",
  scope: "products:write",
  summary: "Create a variant of a product",
  description: "What licenses of this tier are like unless they say otherwise.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "VARIANT_TAKEN", "ACCOUNT_FIXED"],
  input: z
    .strictObject({
      productId,
      name: handle(64).meta({
        description: "What `variant` holds on licenses; may come with the product id as prefix.",
        example: "pro",
      }),
      label: text(200).optional().meta({ example: "Pro" }),
      licenseType: licenseType.optional(),
      maxMachines: slots.optional().meta({ example: 3 }),
      maxConcurrent: slots.optional().meta({ description: "Floating seats.", examples: [5] }),
      durationDays: durationDays.optional(),
      active: z.boolean("must be true or false").optional().meta({ example: true }),
      creatorId: creatorId.optional(),
    })
    .meta({ id: "CreateVariantRequest" }),
  output: z
    .object({
      success: z.literal(true),
      variantId: z.string().meta({ example: "prod_abc123-pro" }),
    })
    .meta({ id: "CreateVariantResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    if (!decision.ok) return decision;
    return {
      success: true as const,
      variantId: variantIdText(decision.product, decision.variant),
    };
  },
});
