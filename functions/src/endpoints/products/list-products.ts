import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listProducts as list } from "../../operations/products/list-products.ts";
import { cursor, flag, listedCreatorId, nextCursor, pageLimit } from "../fields.ts";
import { productRecord, productShape } from "./records.ts";

export const listProducts = defineEndpoint({
  name: "listProducts",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "products:read",
  summary: "Products, newest first",
  description: "A key that is bound to products gets all of those at once.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({
      includeAll: flag
        .default(false)
        .meta({ description: "Unlisted and archived ones too.", example: true }),
      creatorId: listedCreatorId,
      limit: pageLimit,
      cursor,
    })
    .meta({ id: "ListProductsRequest" }),
  output: z
    .object({ success: z.literal(true), products: z.array(productShape), nextCursor })
    .meta({ id: "ListProductsResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    return {
      success: true as const,
      products: items.map(productRecord),
      nextCursor: next ?? null,
    };
  },
});
