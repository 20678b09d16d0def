import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateProduct as update } from "../../operations/products/update-product.ts";
import { expiry, productId, text } from "../fields.ts";
import {
  enforcement,
  productDescription,
  productRecord,
  productShape,
  productStatus,
  slug,
} from "./records.ts";
import { salesFields } from "./sales.ts";

export const updateProduct = defineEndpoint({
  name: "updateProduct",
  methods: ["POST"],
  access: "admin",
  scope: "products:write",
  summary: "Change a product",
  description: "What is left out stays. A slug that is given up is free for other products.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "SLUG_TAKEN", "PAYMENT_ID_TAKEN", "PAYMENT_IDS_TOO_MANY"],
  input: z
    .strictObject({
      productId,
      name: text(200).optional().meta({ example: "Cloud Tools" }),
      slug: slug.optional(),
      description: productDescription.optional(),
      status: productStatus.optional(),
      enforcement: enforcement.optional(),
      ...salesFields,
      enabled: z.boolean("must be true or false").optional().meta({
        description: "Whether its redemption codes can be redeemed. Licenses do not mind.",
        example: true,
      }),
      expiresAt: expiry.optional().meta({
        description:
          "When its redemption codes end that have no expiry of their own; null is never. Licenses do not mind.",
        example: "2027-12-31T00:00:00Z",
      }),
    })
    .meta({ id: "UpdateProductRequest" }),
  output: z
    .object({ success: z.literal(true), product: productShape })
    .meta({ id: "UpdateProductResponse" }),
  async handle(deps, input, principal) {
    const decision = await update(deps, principal, input);
    if (!decision.ok) return decision;
    return { success: true as const, product: productRecord(decision.product) };
  },
});
