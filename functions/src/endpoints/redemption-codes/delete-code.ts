import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { deleteCode as remove } from "../../operations/redemption-codes/delete-code.ts";
import { redemptionCodeReference } from "./records.ts";

export const deleteCode = defineEndpoint({
  name: "deleteCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  summary: "Delete a redemption code",
  description: "Used ones too. What was done with it stays in the log.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "REDEMPTION_CODE_NOT_FOUND"],
  input: z.strictObject(redemptionCodeReference).meta({ id: "DeleteCodeRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "DeleteCodeResponse" }),
  async handle(deps, input, principal) {
    const decision = await remove(deps, principal, input);
    return decision.ok ? { success: true as const } : decision;
  },
});
