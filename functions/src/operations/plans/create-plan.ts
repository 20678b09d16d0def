import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { SubscriptionPlan } from "../../core/subscriptions.ts";
import { plans, products } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";
import { claimPlanIds } from "./payment-ids.ts";

type Ask = Pick<
  SubscriptionPlan,
  "productId" | "name" | "priceCents" | "interval" | "entitlements" | "active" | "providerIds"
>;

export function createPlan(
  deps: Deps,
  principal: Principal,
  ask: Ask,
): Promise<Decision<{ plan: SubscriptionPlan }>> {
  const id = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ plan: SubscriptionPlan }>> => {
    const product = await tx.get(products, ask.productId);
    if (!product || !mayReach(principal, product.accountId, product.id)) {
      return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
    }
    const { accountId } = product;
    const plan: SubscriptionPlan = { id, accountId, ...ask, createdAt: now, updatedAt: now };
    const claimed = await claimPlanIds(tx, plan, []);
    if (!claimed.ok) return claimed;
    tx.create(plans, plan);
    claimed.claim();
    audit(tx, { accountId, action: "plan.create", targetId: id, before: null, after: plan });
    return accept({ plan });
  });
}
