import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createCode } from "../../operations/codes/create-code.ts";
import { creatorId } from "../fields.ts";
import {
  code,
  codeLimits,
  codeProduct,
  discountFields,
  oneDiscount,
  trialDays,
} from "./records.ts";

export const createDiscountCode = defineEndpoint({
  name: "createDiscountCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  accountWide: true,
  summary: "Create a discount code, or a trial code",
  description:
    "A share of the price or an amount off it. With `trialDays` and no discount it makes a trial code.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND", "CODE_TAKEN"],
  input: z
    .strictObject({
      code,
      productId: codeProduct,
      ...discountFields,
      trialDays: trialDays.optional().meta({
        description:
          "Alone it makes a trial code; with a discount, how long the purchase may be tried.",
      }),
      ...codeLimits,
      creatorId: creatorId.optional(),
    })
    .superRefine(oneDiscount)
    .superRefine((given, context) => {
      if (given.percentOff ?? given.amountOff ?? given.trialDays ?? given.currency) return;
      context.addIssue({
        code: "custom",
        message: "must have percentOff, amountOff or trialDays",
      });
    })
    .meta({ id: "CreateDiscountCodeRequest" }),
  output: z
    .object({ success: z.literal(true), code: z.string().meta({ example: "SPRING-K7X4" }) })
    .meta({ id: "CreateDiscountCodeResponse" }),
  async handle(deps, input, principal) {
    const decision = await createCode(deps, principal, input);
    return decision.ok ? { success: true as const, code: decision.code.code } : decision;
  },
});
