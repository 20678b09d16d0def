import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { redeemTrialCode as redeem } from "../../operations/codes/redeem-trial-code.ts";
import { email, iso, isoInstant, licenseKey } from "../fields.ts";
import { codeReference } from "./records.ts";

export const redeemTrialCode = defineEndpoint({
  name: "redeemTrialCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  accountWide: true,
  summary: "Redeem a trial code for a license",
  description:
    "A license of the variant `trial` that ends after the code's days; its other terms come from a variant of that name, else from the defaults. One for each address and product.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [
    "ACCOUNT_FIXED",
    "CODE_NOT_FOUND",
    "CODE_DISABLED",
    "CODE_EXPIRED",
    "CODE_USED_UP",
    "CODE_NEEDS_PRODUCT",
    "PRODUCT_NOT_FOUND",
    "PRODUCT_ARCHIVED",
    "VARIANT_INACTIVE",
    "TRIAL_ALREADY_REDEEMED",
  ],
  input: z
    .strictObject({
      ...codeReference,
      email,
      productId: codeReference.productId.meta({
        description: "Required when the code is for every product.",
      }),
    })
    .meta({ id: "RedeemTrialCodeRequest" }),
  output: z
    .object({ success: z.literal(true), licenseKey, expiresAt: isoInstant })
    .meta({ id: "RedeemTrialCodeResponse" }),
  async handle(deps, input, principal) {
    const decision = await redeem(deps, principal, input);
    if (!decision.ok) return decision;
    const { licenseKey, expiresAt } = decision;
    return { success: true as const, licenseKey, expiresAt: iso(expiresAt) };
  },
});
