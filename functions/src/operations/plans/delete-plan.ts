import { accept, type Decision, refuse } from "../../core/decision.ts";
import { plans } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";
import { claimPlanIds } from "./payment-ids.ts";

/** Who subscribed keeps it to the end of the period. */
export function deletePlan(
  deps: Deps,
  principal: Principal,
  planId: string,
): Promise<Decision<{ deleted: true }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const before = await tx.get(plans, planId);
    if (!before || !mayReach(principal, before.accountId, before.productId)) {
      return refuse("PLAN_NOT_FOUND");
    }
    const none = { ...before, providerIds: [], updatedAt: now };
    const claimed = await claimPlanIds(tx, none, before.providerIds);
    if (!claimed.ok) return claimed;
    tx.delete(plans, planId);
    claimed.claim();
    const { accountId } = before;
    audit(tx, { accountId, action: "plan.delete", targetId: planId, before, after: null });
    return accept({ deleted: true });
  });
}
