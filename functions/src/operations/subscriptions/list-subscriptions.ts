import {
  asOf,
  type EntitlementGrant,
  goodUntil,
  runs,
  type Subscription,
} from "../../core/subscriptions.ts";
import { entitlementGrants, plans, subscriptions } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { UserCaller } from "../users/sessions.ts";

/** Somebody subscribes to few products. */
const MOST = 500;

type Held = { readonly subscription: Subscription; readonly features: readonly string[] };

/** The caller's subscriptions as they are now, over all products, newest first. */
export async function listSubscriptions(
  { store, now }: Pick<Deps, "store" | "now">,
  { userId }: Pick<UserCaller, "userId">,
): Promise<readonly Held[]> {
  const { items } = await store.query(subscriptions, "byUser", { equal: { userId }, limit: MOST });
  const ids = [...new Set(items.map(({ planId }) => planId))];
  const found = new Map((await store.getMany(plans, ids)).map((plan) => [plan?.id, plan]));
  const at = now();
  return items.map((one) => {
    const plan = found.get(one.planId);
    const subscription = asOf(one, { plan, now: at });
    return { subscription, features: plan?.entitlements ?? subscription.entitlements };
  });
}

export type Entitlement = {
  readonly feature: string;
  readonly planId: string | null;
  readonly productId: string;
  readonly source: "subscription" | EntitlementGrant["source"];
  readonly expiresAt: number | null;
};

/** What the caller may use now, and until when as far as is known. */
export async function listEntitlements(
  deps: Pick<Deps, "store" | "now">,
  caller: UserCaller,
): Promise<readonly Entitlement[]> {
  const [held, grants] = await Promise.all([
    listSubscriptions(deps, caller),
    grantsOf(deps, caller),
  ]);
  const subscribed = held
    .filter(({ subscription }) => runs(subscription))
    .flatMap(({ subscription, features }) =>
      features.map((feature) => ({
        feature,
        planId: subscription.planId,
        productId: subscription.productId,
        source: "subscription" as const,
        expiresAt: goodUntil(subscription),
      })),
    );
  return [...subscribed, ...grants];
}

async function grantsOf(
  { store, now }: Pick<Deps, "store" | "now">,
  { userHash }: UserCaller,
): Promise<readonly Entitlement[]> {
  const page = { equal: { userHash }, limit: MOST };
  const { items } = await store.query(entitlementGrants, "byUser", page);
  return items
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > now())
    .map(({ feature, productId, source, expiresAt }) => ({
      ...{ feature, planId: null, productId, source, expiresAt },
    }));
}
