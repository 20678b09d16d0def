import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import { decideCodeChange, type RedemptionCode } from "../../core/redemption-codes.ts";
import { redemptionCodes } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes } from "../given.ts";
import type { Principal } from "../principal.ts";
import { type CodeReference, reachCode } from "./find-code.ts";

export type UpdateCodeAsk = {
  readonly disabled?: boolean | undefined;
  /** Null is the product's. */
  readonly expiresAt?: number | null | undefined;
};

/** Disables or enables a code, or moves its expiry. */
export async function updateCode(
  deps: Deps,
  principal: Principal,
  reference: CodeReference,
  ask: UpdateCodeAsk,
): Promise<Decision<{ code: RedemptionCode; product: Product }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ code: RedemptionCode; product: Product }>> => {
    const found = await reachCode(tx, principal, reference);
    if (!found.ok) return found;
    const { code: before, product } = found;
    const decision = decideCodeChange(before, ask);
    if (!decision.ok) return decision;
    if (!changes(before, decision.code)) return accept({ code: before, product });
    const code = { ...decision.code, updatedAt: now };
    const { id, accountId } = code;
    tx.set(redemptionCodes, code);
    audit(tx, { accountId, action: "redemption_code.update", targetId: id, before, after: code });
    return accept({ code, product });
  });
}
