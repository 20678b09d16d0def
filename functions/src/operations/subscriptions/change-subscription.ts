import { accept, type Decision, refuse } from "../../core/decision.ts";
import { canceled, reactivated, type Subscription } from "../../core/subscriptions.ts";
import { subscriptions } from "../../store/collections.ts";
import { auditorAs } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { UserCaller } from "../users/sessions.ts";
import { findSubscription } from "./find-subscription.ts";

type Changed = Decision<{ subscription: Subscription }>;

/** At the end of its period, or now. A payment provider is told nothing: who pays there ends it there, too. */
export const cancelSubscription = (
  deps: Deps,
  caller: Pick<UserCaller, "userId">,
  ask: { readonly subscriptionId: string; readonly immediate: boolean },
): Promise<Changed> =>
  changed(deps, caller, {
    id: ask.subscriptionId,
    action: "subscription.cancel",
    change: (subscription, now) => canceled(subscription, { immediate: ask.immediate, now }),
  });

export const reactivateSubscription = (
  deps: Deps,
  caller: Pick<UserCaller, "userId">,
  subscriptionId: string,
): Promise<Changed> =>
  changed(deps, caller, {
    id: subscriptionId,
    action: "subscription.reactivate",
    change: reactivated,
  });

function changed(
  deps: Deps,
  { userId }: Pick<UserCaller, "userId">,
  ask: {
    readonly id: string;
    readonly action: string;
    readonly change: (subscription: Subscription, now: number) => Changed;
  },
): Promise<Changed> {
  const { id, action } = ask;
  const now = deps.now();
  const audit = auditorAs(deps, { kind: "user", keyId: null, userId });
  return deps.once(async (tx): Promise<Changed> => {
    const before = await findSubscription(tx, { id, userId, now });
    if (!before) return refuse("SUBSCRIPTION_NOT_FOUND", { field: "subscriptionId" });
    const decision = ask.change(before, now);
    if (!decision.ok) return decision;
    const { subscription } = decision;
    tx.set(subscriptions, subscription);
    audit(tx, { accountId: before.accountId, action, targetId: id, before, after: subscription });
    return accept({ subscription });
  });
}
