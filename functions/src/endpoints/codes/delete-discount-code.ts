import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { deleteCode } from "../../operations/codes/delete-code.ts";
import { codeReference } from "./records.ts";

export const deleteDiscountCode = defineEndpoint({
  name: "deleteDiscountCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  accountWide: true,
  summary: "Delete a discount code, or a trial code",
  description: "The licenses it made go on. Who had a trial gets no second one.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND", "CODE_NOT_FOUND"],
  input: z.strictObject(codeReference).meta({ id: "DeleteDiscountCodeRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "DeleteDiscountCodeResponse" }),
  async handle(deps, input, principal) {
    const decision = await deleteCode(deps, principal, input);
    return decision.ok ? { success: true as const } : decision;
  },
});
