import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateVariant as update } from "../../operations/products/update-variant.ts";
import { handle, licenseType, productId, slots, text } from "../fields.ts";
import { durationDays, variantRecord, variantShape } from "./records.ts";

export const updateVariant = defineEndpoint({
  name: "updateVariant",
  methods: ["POST"],
  access: "admin",
  scope: "products:write",
  summary: "Change a variant",
  description:
    "Named by `variantId`, or by `productId` and `name`. What is left out stays, null leaves a term to the default. Licenses that are there keep their terms. An inactive variant is hidden and not sold any more.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "VARIANT_NOT_FOUND", "VARIANT_AMBIGUOUS"],
  input: z
    .strictObject({
      variantId: text(256)
        .optional()
        .meta({ examples: ["prod_abc123-pro"] }),
      productId: productId.optional(),
      name: handle(128).optional().meta({ example: "pro" }),
      label: text(200).optional().meta({ example: "Pro" }),
      licenseType: licenseType.nullable().optional(),
      maxMachines: slots.nullable().optional().meta({ example: 3 }),
      maxConcurrent: slots
        .nullable()
        .optional()
        .meta({ examples: [5] }),
      durationDays: durationDays.nullable().optional(),
      active: z.boolean("must be true or false").optional().meta({ example: true }),
    })
    .refine(
      ({ variantId, productId, name }) =>
        variantId === undefined
          ? productId !== undefined && name !== undefined
          : productId === undefined && name === undefined,
      "must have either variantId, or productId and name",
    )
    .meta({ id: "UpdateVariantRequest" }),
  output: z
    .object({ success: z.literal(true), variant: variantShape })
    .meta({ id: "UpdateVariantResponse" }),
  async handle(deps, { variantId, productId, name, ...terms }, principal) {
    const reference =
      variantId === undefined ? { productId: productId ?? "", name: name ?? "" } : { variantId };
    const decision = await update(deps, principal, reference, terms);
    if (!decision.ok) return decision;
    const { product, variant } = decision;
    return { success: true as const, variant: variantRecord(product, variant) };
  },
});
