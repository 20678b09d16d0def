import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createCode } from "../../operations/codes/create-code.ts";
import { creatorId } from "../fields.ts";
import { code, codeLimits, codeProduct, trialDays } from "./records.ts";

export const createTrialCode = defineEndpoint({
  name: "createTrialCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  accountWide: true,
  summary: "Create a trial code",
  description: "One license for each address and product, by `redeemTrialCode`.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND", "CODE_TAKEN"],
  input: z
    .strictObject({
      code,
      productId: codeProduct,
      trialDays: trialDays.optional().meta({ description: "Default 14." }),
      ...codeLimits,
      creatorId: creatorId.optional(),
    })
    .meta({ id: "CreateTrialCodeRequest" }),
  output: z
    .object({ success: z.literal(true), code: z.string().meta({ example: "SPRING-K7X4" }) })
    .meta({ id: "CreateTrialCodeResponse" }),
  async handle(deps, input, principal) {
    const decision = await createCode(deps, principal, input);
    return decision.ok ? { success: true as const, code: decision.code.code } : decision;
  },
});
