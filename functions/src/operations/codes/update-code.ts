import { type AskedBenefit, benefitOf } from "../../core/codes.ts";
import { accept, type Decision } from "../../core/decision.ts";
import type { Code } from "../../core/records.ts";
import { codes } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { type CodeReference, findCode } from "./find-code.ts";

export type UpdateCodeAsk = AskedBenefit & {
  readonly maxUses?: number | null | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly active?: boolean | undefined;
};

/** Changes a code. */
export async function updateCode(
  deps: Deps,
  principal: Principal,
  reference: CodeReference,
  { maxUses, expiresAt, active, ...benefit }: UpdateCodeAsk,
): Promise<Decision<{ code: Code }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ code: Code }>> => {
    const found = await findCode(tx, principal, reference);
    if (!found.ok) return found;
    const before = found.code;
    const fields = { ...given({ maxUses, expiresAt, active }), ...benefitOf(benefit, before) };
    if (!changes(before, fields)) return accept({ code: before });
    const code: Code = { ...before, ...fields, updatedAt: now };
    const { id, accountId } = code;
    tx.set(codes, code);
    audit(tx, { accountId, action: "code.update", targetId: id, before, after: code });
    return accept({ code });
  });
}
