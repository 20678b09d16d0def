import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listCodes } from "../../operations/codes/list-codes.ts";
import { nextCursor } from "../fields.ts";
import { codeFilters, codeRecord, codeShape } from "./records.ts";

export const listDiscountCodes = defineEndpoint({
  name: "listDiscountCodes",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "codes:read",
  accountWide: true,
  summary: "Codes of either kind, newest first",
  description:
    "Trial codes too; `kind` tells them apart. With `productId` those that are good for it. With the admin secret those of `creatorId`, else of the product's account, else of `default`.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND"],
  input: z.strictObject(codeFilters).meta({ id: "ListDiscountCodesRequest" }),
  output: z
    .object({ success: z.literal(true), codes: z.array(codeShape), nextCursor })
    .meta({ id: "ListDiscountCodesResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await listCodes(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    return { success: true as const, codes: items.map(codeRecord), nextCursor: next ?? null };
  },
});
