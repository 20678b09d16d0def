import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listCodes as list } from "../../operations/redemption-codes/list-codes.ts";
import { cursor, nextCursor, pageLimit } from "../fields.ts";
import { redemptionCodeFilters, redemptionCodeRecord, redemptionCodeShape } from "./records.ts";

export const listCodes = defineEndpoint({
  name: "listCodes",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "codes:read",
  summary: "Redemption codes of a product, newest first",
  description: "A page reads its own codes, whatever is searched for.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({ ...redemptionCodeFilters, limit: pageLimit, cursor })
    .meta({ id: "ListCodesRequest" }),
  output: z
    .object({ success: z.literal(true), codes: z.array(redemptionCodeShape), nextCursor })
    .meta({ id: "ListCodesResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { product, page } = decision;
    const now = deps.now();
    return {
      success: true as const,
      codes: page.items.map((code) => redemptionCodeRecord(code, product, now)),
      nextCursor: page.next ?? null,
    };
  },
});
