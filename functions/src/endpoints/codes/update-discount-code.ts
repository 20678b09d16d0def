import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateCode } from "../../operations/codes/update-code.ts";
import { codeLimits, codeReference, discountFields, oneDiscount, trialDays } from "./records.ts";

export const updateDiscountCode = defineEndpoint({
  name: "updateDiscountCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  accountWide: true,
  summary: "Change a discount code, or a trial code",
  description:
    "Codes of either kind. What is left out stays; a new discount replaces the one before, and a trial code that is given one becomes a discount code.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND", "CODE_NOT_FOUND"],
  input: z
    .strictObject({
      ...codeReference,
      ...discountFields,
      trialDays: trialDays.optional(),
      ...codeLimits,
    })
    .superRefine(oneDiscount)
    .meta({ id: "UpdateDiscountCodeRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "UpdateDiscountCodeResponse" }),
  async handle(deps, { code, productId, creatorId, ...changes }, principal) {
    const reference = { code, productId, creatorId };
    const decision = await updateCode(deps, principal, reference, changes);
    return decision.ok ? { success: true as const } : decision;
  },
});
