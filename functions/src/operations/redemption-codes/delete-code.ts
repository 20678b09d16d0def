import { accept, type Decision } from "../../core/decision.ts";
import { redemptionCodes } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { type CodeReference, reachCode } from "./find-code.ts";

/** Deletes a code. Its log stays, and a code of the same text would go on with it. */
export async function deleteCode(
  deps: Deps,
  principal: Principal,
  reference: CodeReference,
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await reachCode(tx, principal, reference);
    if (!found.ok) return found;
    const { code } = found;
    const { id, accountId } = code;
    tx.delete(redemptionCodes, id);
    audit(tx, {
      accountId,
      action: "redemption_code.delete",
      targetId: id,
      before: code,
      after: null,
    });
    return accept({ deleted: true });
  });
}
