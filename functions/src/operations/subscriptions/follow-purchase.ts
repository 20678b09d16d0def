import type { PaymentEvent } from "../../core/payments.ts";
import type { InboundEvent, Purchase } from "../../core/purchases.ts";
import type { License } from "../../core/records.ts";
import { asOf, followed, type SubscriptionPlan } from "../../core/subscriptions.ts";
import { planPaymentIds, plans, subscriptions } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { planPaymentId } from "../plans/payment-ids.ts";
import { subscriptionId } from "./find-subscription.ts";

export type Followed = {
  readonly plan: SubscriptionPlan | undefined;
  /** Why nobody subscribed with it, where the sale says that somebody should. */
  readonly problem: { readonly reason: string; readonly mendable: boolean } | null;
  readonly write: () => void;
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const nothing: Followed = { plan: undefined, problem: null, write: () => undefined };

/**
 * What an event means to the subscription that its purchase pays for. All reads; a product's license
 * is made either way.
 */
export async function followPurchase(
  tx: Transaction,
  ask: {
    readonly purchase: { readonly before: Purchase; readonly after: Purchase };
    readonly license: License | undefined;
    readonly kind: PaymentEvent["kind"] | undefined;
    readonly now: number;
  },
): Promise<Followed> {
  const { purchase, license, kind, now } = ask;
  const { subscriber } = purchase.after;
  if (!license || !subscriber) return nothing;
  const plan = await planOf(tx, purchase.after, license.productId);
  const { planId } = subscriber;
  if (!plan) {
    const reason = `No plan of the product is ${planId}, or it is sold under another id.`;
    return planId === null ? nothing : { ...nothing, problem: { reason, mendable: true } };
  }
  const userId = subscriber.userId?.toLowerCase() ?? "";
  if (!UUID.test(userId)) {
    const reason = "The sale names no user of the dashboard, so nobody subscribed with it.";
    return { ...nothing, plan, problem: { reason, mendable: false } };
  }
  const id = subscriptionId(userId, plan.productId);
  const held = await tx.get(subscriptions, id);
  const heldPlan = held?.planId === plan.id ? plan : held && (await tx.get(plans, held.planId));
  const before = held && asOf(held, { plan: heldPlan, now });
  const after = followed({ id, userId, plan, before, license, purchase, kind, now });
  const write = () => after && tx.set(subscriptions, after);
  return { ...nothing, plan, write };
}

/** A license of the purchase; those of other products are of no plan. */
export function soldAs(license: License, { plan }: Followed): License {
  const planId = plan?.productId === license.productId ? plan.id : null;
  return planId === license.planId ? license : { ...license, planId };
}

/**
 * The product's plan that lists what was sold. A plan that the checkout names counts only where it lists
 * no ids of the provider: a buyer may change to something cheaper there.
 */
async function planOf(
  tx: Transaction,
  { provider, subscriber }: Purchase,
  productId: string,
): Promise<SubscriptionPlan | undefined> {
  if (!subscriber) return undefined;
  const ids = subscriber.sold.map((id) => planPaymentId({ productId, provider, id }));
  const listed = (await tx.getMany(planPaymentIds, ids)).find((one) => one !== undefined);
  if (listed) return tx.get(plans, listed.planId);
  const { planId } = subscriber;
  const named = planId !== null && UUID.test(planId) ? await tx.get(plans, planId) : undefined;
  const lists = named?.providerIds.some((known) => known.provider === provider);
  return named?.productId === productId && !lists ? named : undefined;
}

/** A sale that could be matched once the plan is mended stays to be tried again. */
export function verdictOf(
  { problem }: Followed,
  event: PaymentEvent | undefined,
): Pick<InboundEvent, "status" | "reason"> {
  if (!problem) return { status: "done", reason: null };
  const again = problem.mendable && event?.kind === "completed";
  return { status: again ? "failed" : "done", reason: problem.reason };
}
