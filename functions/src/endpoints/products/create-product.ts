import * as z from "zod";
import { undashed } from "../../core/licenses.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createProduct as create } from "../../operations/products/create-product.ts";
import { creatorId, handle, text } from "../fields.ts";
import { enforcement, productDescription, productStatus, slug } from "./records.ts";
import { salesFields } from "./sales.ts";

export const createProduct = defineEndpoint({
  name: "createProduct",
  methods: ["POST"],
  access: "admin",
  scope: "products:write",
  accountWide: true,
  summary: "Create a product",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [
    "PRODUCT_ID_TAKEN",
    "PRODUCT_ID_RESERVED",
    "SLUG_TAKEN",
    "PAYMENT_ID_TAKEN",
    "PRODUCT_NOT_FOUND",
    "ACCOUNT_FIXED",
  ],
  input: z
    .strictObject({
      name: text(200).meta({ example: "Cloud Tools" }),
      slug: slug.optional().meta({
        description: "Unique in the account; made from the name when left out.",
        example: "cloud-tools",
      }),
      productId: handle(64).optional().meta({
        description: "Your own handle, unique in the service; made up when left out.",
        example: "prod_abc123",
      }),
      description: productDescription.optional(),
      status: productStatus.optional(),
      enforcement: enforcement.optional(),
      ...salesFields,
      creatorId: creatorId.optional(),
    })
    .meta({ id: "CreateProductRequest" }),
  output: z
    .object({
      success: z.literal(true),
      productId: z.string().meta({ example: "prod_abc123" }),
      projectId: z.string().meta({
        description: "The product's UUID as 32 hex digits.",
        example: "5f0c2c1e00004000800000000000000a",
      }),
      slug: z.string().meta({ example: "cloud-tools" }),
    })
    .meta({ id: "CreateProductResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    if (!decision.ok) return decision;
    const { product } = decision;
    return {
      success: true as const,
      productId: product.handle,
      projectId: undashed(product.id),
      slug: product.slug,
    };
  },
});
