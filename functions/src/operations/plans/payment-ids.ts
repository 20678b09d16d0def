import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Provider } from "../../core/payments.ts";
import type { SubscriptionPlan } from "../../core/subscriptions.ts";
import { derivedId } from "../../crypto/vault.ts";
import { planPaymentIds } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";

/** Of one product: what others list of it says nothing about ours. */
export const planPaymentId = ({
  productId,
  provider,
  id,
}: {
  readonly productId: string;
  readonly provider: Provider;
  readonly id: string;
}): string => derivedId("plan-payment-id", productId, provider, id);

/** Reads which of the plan's ids another plan of the product has, and returns the writes that take them. */
export async function claimPlanIds(
  tx: Transaction,
  plan: Pick<SubscriptionPlan, "id" | "productId" | "providerIds" | "updatedAt">,
  before: SubscriptionPlan["providerIds"],
): Promise<Decision<{ claim: () => void }>> {
  const documentOf = (one: SubscriptionPlan["providerIds"][number]) =>
    planPaymentId({ productId: plan.productId, ...one });
  const held = new Set(before.map(documentOf));
  const wanted = new Set(plan.providerIds.map(documentOf));
  const fresh = [...wanted].filter((id) => !held.has(id));
  const taken = await tx.getMany(planPaymentIds, fresh);
  if (taken.some(Boolean)) return refuse("PLAN_IDS_TAKEN", { field: "providerIds" });
  const claim = () => {
    for (const id of held) if (!wanted.has(id)) tx.delete(planPaymentIds, id);
    for (const id of fresh) {
      tx.create(planPaymentIds, { id, planId: plan.id, createdAt: plan.updatedAt });
    }
  };
  return accept({ claim });
}
