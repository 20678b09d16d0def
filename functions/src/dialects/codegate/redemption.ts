import * as z from "zod";
import type { Refusal, RefusalCode } from "../../core/decision.ts";
import { undashed } from "../../core/licenses.ts";
import { MAX_CODE_LENGTH } from "../../core/redemption-codes.ts";
import { reactivateCode } from "../../operations/redemption-codes/reactivate-code.ts";
import { redeemCode } from "../../operations/redemption-codes/redeem-code.ts";
import { change } from "./define-route.ts";
import { unix, unixOrNull } from "./records.ts";

const text = (max: number) =>
  z.string("must be a text").max(max, `must have at most ${max} characters`);
/** It is kept as it was sent. */
const optionalText = (max: number) =>
  text(max)
    .refine((given) => !given.includes("\0"), "must not contain NUL characters")
    .refine((given) => given.isWellFormed(), "must be well-formed Unicode")
    .nullish()
    .transform((given) => given ?? null);
const code = text(MAX_CODE_LENGTH).min(1, "is required");

/** Outcomes that are answers, with their words. */
const outcomes: Partial<Record<RefusalCode, readonly [errorCode: string, message: string]>> = {
  REDEMPTION_CODE_NOT_FOUND: ["CODE_NOT_FOUND", "Code not found"],
  REDEMPTION_CODE_DISABLED: ["CODE_DISABLED", "Code is disabled"],
  REDEMPTION_CODE_USED: ["CODE_ALREADY_USED", "Code has already been used"],
  REDEMPTION_CODE_UNUSED: ["CODE_ALREADY_UNUSED", "Code is already unused"],
  REDEMPTION_CODE_EXPIRED: ["CODE_EXPIRED", "Code is expired"],
  PRODUCT_DISABLED: ["PROJECT_DISABLED", "Project is disabled"],
  PRODUCT_EXPIRED: ["PROJECT_EXPIRED", "Project is expired"],
};

export const verifyCode = change({
  path: "/codes/verify",
  input: z.object({ code, verified_by: optionalText(100) }),
  async handle(deps, { productId, proof }, input) {
    const ask = { productId, text: input.code, usedBy: input.verified_by, proof };
    const decision = await redeemCode(deps, { ...ask, address: deps.caller.address });
    if (!decision.ok) return failed(decision, input.code, "verified_at");
    return {
      success: true,
      code_id: undashed(decision.code.id),
      code: decision.code.text,
      verified_at: unixOrNull(decision.code.usedAt),
      message: "Code verified successfully",
      error_code: null,
    };
  },
});

export const reactivate = change({
  path: "/codes/reactivate",
  input: z.object({ code, reactivated_by: optionalText(100), reason: optionalText(1_000) }),
  async handle(deps, { productId, proof }, input) {
    const { reactivated_by: by, reason } = input;
    const ask = { productId, text: input.code, by, reason, proof, address: deps.caller.address };
    const decision = await reactivateCode(deps, ask);
    if (!decision.ok) return failed(decision, input.code, "reactivated_at");
    return {
      success: true,
      code_id: undashed(decision.code.id),
      code: decision.code.text,
      reactivated_at: unix(decision.code.updatedAt),
      message: "Code reactivated successfully",
      error_code: null,
    };
  },
});

function failed(refusal: Refusal, sent: string, instant: "verified_at" | "reactivated_at") {
  const outcome = outcomes[refusal.code];
  if (!outcome) return refusal;
  const [error_code, message] = outcome;
  return { success: false, code_id: null, code: sent, [instant]: null, message, error_code };
}
