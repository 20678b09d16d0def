import { accept, type Decision } from "../../core/decision.ts";
import { codes } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { type CodeReference, findCode } from "./find-code.ts";

/** Deletes a code. What it was used for stays. */
export async function deleteCode(
  deps: Deps,
  principal: Principal,
  reference: CodeReference,
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await findCode(tx, principal, reference);
    if (!found.ok) return found;
    const { code } = found;
    const { id, accountId } = code;
    tx.delete(codes, id);
    audit(tx, { accountId, action: "code.delete", targetId: id, before: code, after: null });
    return accept({ deleted: true });
  });
}
