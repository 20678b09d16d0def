import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateCode as update } from "../../operations/redemption-codes/update-code.ts";
import {
  codeExpiry,
  redemptionCodeRecord,
  redemptionCodeReference,
  redemptionCodeShape,
} from "./records.ts";

export const updateCode = defineEndpoint({
  name: "updateCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  summary: "Disable or enable a redemption code, or move its expiry",
  description: "What is left out stays. A code that was used is not disabled.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "REDEMPTION_CODE_NOT_FOUND", "REDEMPTION_CODE_USED"],
  input: z
    .strictObject({
      ...redemptionCodeReference,
      disabled: z.boolean("must be true or false").optional().meta({ example: true }),
      active: z
        .boolean("must be true or false")
        .optional()
        .meta({ description: "The contrary of `disabled`, for those who prefer it." }),
      expiresAt: codeExpiry,
    })
    .refine(
      ({ disabled, active }) => disabled === undefined || active === undefined,
      "must have either disabled or active",
    )
    .meta({ id: "UpdateCodeRequest" }),
  output: z
    .object({ success: z.literal(true), code: redemptionCodeShape })
    .meta({ id: "UpdateCodeResponse" }),
  async handle(deps, { productId, code, active, expiresAt, ...given }, principal) {
    const disabled = active === undefined ? given.disabled : !active;
    const ask = { disabled, expiresAt };
    const decision = await update(deps, principal, { productId, code }, ask);
    if (!decision.ok) return decision;
    const record = redemptionCodeRecord(decision.code, decision.product, deps.now());
    return { success: true as const, code: record };
  },
});
