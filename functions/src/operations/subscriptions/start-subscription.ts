import { accept, type Decision, refuse } from "../../core/decision.ts";
import { saleRefusal } from "../../core/products.ts";
import { runs, type Subscription, started, wantsPayment } from "../../core/subscriptions.ts";
import { plans, products, subscriptions } from "../../store/collections.ts";
import { auditorAs } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { UserCaller } from "../users/sessions.ts";
import { findSubscription, subscriptionId } from "./find-subscription.ts";

/** Subscribes the caller where nobody pays, once for a product. */
export function startSubscription(
  deps: Deps,
  { userId }: Pick<UserCaller, "userId">,
  planId: string,
): Promise<Decision<{ subscription: Subscription }>> {
  const now = deps.now();
  const audit = auditorAs(deps, { kind: "user", keyId: null, userId });
  return deps.once(async (tx): Promise<Decision<{ subscription: Subscription }>> => {
    const plan = await tx.get(plans, planId);
    const product = plan?.active ? await tx.get(products, plan.productId) : undefined;
    if (!plan || !product || saleRefusal(product)) {
      return refuse("PLAN_NOT_FOUND", { field: "planId" });
    }
    const id = subscriptionId(userId, product.id);
    const before = await findSubscription(tx, { id, userId, now });
    if (before && runs(before)) return refuse("SUBSCRIPTION_RUNS");
    if (wantsPayment(plan, deps.settings.subscriptionsNeedPayment)) {
      return refuse("SUBSCRIPTION_UNPAID");
    }
    const subscription = started({ id, userId, plan, before, now });
    tx.set(subscriptions, subscription);
    const { accountId } = plan;
    const action = "subscription.start";
    audit(tx, { accountId, action, targetId: id, before: before ?? null, after: subscription });
    return accept({ subscription });
  });
}
