import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listVariants as list } from "../../operations/products/list-variants.ts";
import { cursor, flag, nextCursor, pageLimit, productId } from "../fields.ts";
import { variantRecord, variantShape } from "./records.ts";

export const listVariants = defineEndpoint({
  name: "listVariants",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "products:read",
  summary: "Variants of a product, newest first",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      productId,
      includeAll: flag.default(false).meta({ description: "Inactive ones too.", example: true }),
      limit: pageLimit,
      cursor,
    })
    .meta({ id: "ListVariantsRequest" }),
  output: z
    .object({ success: z.literal(true), variants: z.array(variantShape), nextCursor })
    .meta({ id: "ListVariantsResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { product, page } = decision;
    return {
      success: true as const,
      variants: page.items.map((variant) => variantRecord(product, variant)),
      nextCursor: page.next ?? null,
    };
  },
});
