import { accept, type Decision, refuse } from "../../core/decision.ts";
import { hasAbility } from "../../core/roles.ts";
import type { SubscriptionPlan } from "../../core/subscriptions.ts";
import { memberships, plans, products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { membershipId, orgIdOf } from "../members/reach.ts";

/** A product has few. */
const MOST_PLANS = 500;

/**
 * A product's plans, newest first. Members see all of them; to others they are offers: those that can be
 * started, and a product without any looks absent.
 */
export async function listPlans(
  { store }: Pick<Deps, "store">,
  { userId, productId }: { readonly userId: string; readonly productId: string },
): Promise<Decision<{ plans: readonly SubscriptionPlan[]; member: boolean }>> {
  const product = await store.get(products, productId);
  if (!product) return refuse("PRODUCT_NOT_FOUND");
  const id = membershipId(userId, orgIdOf(product.accountId));
  const role = (await store.get(memberships, id))?.role;
  const member = role !== undefined && hasAbility(role, "plan.read");
  const page = { equal: { productId }, limit: MOST_PLANS };
  const { items } = await store.query(plans, "byProduct", page);
  if (member) return accept({ plans: items, member });
  const offers = product.status === "archived" ? [] : items.filter(({ active }) => active);
  return offers.length > 0 ? accept({ plans: offers, member }) : refuse("PRODUCT_NOT_FOUND");
}
