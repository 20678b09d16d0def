import { asOf, type Subscription } from "../../core/subscriptions.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { plans, subscriptions } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";

/** There is one for a user and a product, so that two starts at once meet in it. */
export const subscriptionId = (userId: string, productId: string): string =>
  derivedUuid("subscription", userId, productId);

/** The subscription as it is now, if it is the user's. */
export async function findSubscription(
  reader: Reader,
  ask: { readonly id: string; readonly userId: string; readonly now: number },
): Promise<Subscription | undefined> {
  const held = await reader.get(subscriptions, ask.id);
  if (held?.userId !== ask.userId) return undefined;
  return asOf(held, { plan: await reader.get(plans, held.planId), now: ask.now });
}
