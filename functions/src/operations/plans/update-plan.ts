import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { SubscriptionPlan } from "../../core/subscriptions.ts";
import { plans } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import { mayReach, type Principal } from "../principal.ts";
import { claimPlanIds } from "./payment-ids.ts";

type Ask = {
  readonly [Field in
    | "name"
    | "priceCents"
    | "interval"
    | "entitlements"
    | "active"
    | "providerIds"]?: SubscriptionPlan[Field] | undefined;
};

/** Whoever subscribed has the new entitlements at once; another interval holds for new subscriptions. */
export function updatePlan(
  deps: Deps,
  principal: Principal,
  { planId, ...ask }: Ask & { readonly planId: string },
): Promise<Decision<{ plan: SubscriptionPlan }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ plan: SubscriptionPlan }>> => {
    const before = await tx.get(plans, planId);
    if (!before || !mayReach(principal, before.accountId, before.productId)) {
      return refuse("PLAN_NOT_FOUND");
    }
    if (!changes(before, given(ask))) return accept({ plan: before });
    const plan: SubscriptionPlan = { ...before, ...given(ask), updatedAt: now };
    const claimed = await claimPlanIds(tx, plan, before.providerIds);
    if (!claimed.ok) return claimed;
    tx.set(plans, plan);
    claimed.claim();
    const { accountId } = plan;
    audit(tx, { accountId, action: "plan.update", targetId: planId, before, after: plan });
    return accept({ plan });
  });
}
