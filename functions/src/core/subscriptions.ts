import { accept, type Decision, refuse } from "./decision.ts";
import { monthsAfter } from "./months.ts";
import type { PaymentEvent, Provider } from "./payments.ts";
import type { Purchase } from "./purchases.ts";
import type { License } from "./records.ts";

// What people at the dashboard subscribe to. Instants are epoch milliseconds.

export const INTERVALS = ["month", "year"] as const;
type Interval = (typeof INTERVALS)[number];
const MONTHS: Readonly<Record<Interval, number>> = { month: 1, year: 12 };

export const SUBSCRIPTION_STATUSES = ["ACTIVE", "PAST_DUE", "CANCELED", "EXPIRED"] as const;

export type SubscriptionPlan = {
  id: string;
  accountId: string;
  productId: string;
  name: string;
  priceCents: number;
  interval: Interval;
  entitlements: string[];
  /** Whether it can be started; what was started goes on either way. */
  active: boolean;
  /** What payment providers call it; each has its document in `planPaymentIds`. */
  providerIds: { provider: Provider; id: string }[];
  createdAt: number;
  updatedAt: number;
};

export type Subscription = {
  /** Derived from the user and the product: there is one. */
  id: string;
  userId: string;
  accountId: string;
  productId: string;
  planId: string;
  interval: Interval;
  /** The plan's, for when it is deleted. */
  entitlements: string[];
  /** As last written: `asOf` says how it is. */
  status: (typeof SUBSCRIPTION_STATUSES)[number];
  /** Whose payments it follows; null renews by itself. */
  purchaseId: string | null;
  /** Periods are counted from here. */
  startedAt: number;
  currentPeriodStart: number;
  currentPeriodEnd: number;
  cancelAtPeriodEnd: boolean;
  canceledAt: number | null;
  /** How long it waits for a payment past its period. */
  graceMs: number;
  /** When the clock changes it next; null once it ended. */
  dueAt: number | null;
  createdAt: number;
  updatedAt: number;
};

export const GRANT_SOURCES = ["promotion", "gift", "override"] as const;

/** A feature that somebody has without subscribing. */
export type EntitlementGrant = {
  /** Derived from the address, the product and the feature. */
  id: string;
  /** Of the user with that address, who may be yet to register. */
  userHash: string;
  accountId: string;
  productId: string;
  feature: string;
  source: (typeof GRANT_SOURCES)[number];
  /** Null is until it is revoked. */
  expiresAt: number | null;
  createdAt: number;
  updatedAt: number;
};

/** Whether it entitles to anything; of one that is `asOf` now. */
export const runs = ({ status }: Subscription): boolean =>
  status === "ACTIVE" || status === "PAST_DUE";

/** The end of what it entitles to, as far as is known. */
export const goodUntil = ({ status, currentPeriodEnd, graceMs }: Subscription): number =>
  status === "PAST_DUE" ? currentPeriodEnd + graceMs : currentPeriodEnd;

const timed = (subscription: Subscription): Subscription => ({
  ...subscription,
  dueAt: runs(subscription) ? goodUntil(subscription) : null,
});

const ended = (
  subscription: Subscription,
  status: "CANCELED" | "EXPIRED",
  at = subscription.currentPeriodEnd,
): Subscription => timed({ ...subscription, status, currentPeriodEnd: at });

/** Nobody but a payment provider starts what is paid for, where payments are wanted. */
export const wantsPayment = (
  { priceCents, providerIds }: SubscriptionPlan,
  needPayment: boolean,
): boolean => priceCents > 0 && (needPayment || providerIds.length > 0);

/** One that nobody pays for, from now on. */
export function started(ask: {
  readonly id: string;
  readonly userId: string;
  readonly plan: SubscriptionPlan;
  readonly before: Subscription | undefined;
  readonly now: number;
}): Subscription {
  const { id, userId, plan, before, now } = ask;
  return timed({
    ...{ id, userId, accountId: plan.accountId, productId: plan.productId, planId: plan.id },
    interval: plan.interval,
    entitlements: plan.entitlements,
    status: "ACTIVE",
    purchaseId: null,
    startedAt: now,
    currentPeriodStart: now,
    currentPeriodEnd: monthsAfter(now, MONTHS[plan.interval]),
    cancelAtPeriodEnd: false,
    canceledAt: null,
    graceMs: 0,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    dueAt: null,
  });
}

/** How it is now; the same object where the clock changed nothing. A plan that was deleted renews nothing. */
export function asOf(
  subscription: Subscription,
  { plan, now }: { readonly plan: SubscriptionPlan | undefined; readonly now: number },
): Subscription {
  const { dueAt, currentPeriodEnd, purchaseId } = subscription;
  if (dueAt === null || now < dueAt) return subscription;
  if (subscription.cancelAtPeriodEnd) return ended(subscription, "CANCELED");
  if (purchaseId === null) {
    return plan ? renewed(subscription, plan, now) : ended(subscription, "EXPIRED");
  }
  return now < currentPeriodEnd + subscription.graceMs
    ? timed({ ...subscription, status: "PAST_DUE" })
    : ended(subscription, "EXPIRED");
}

/** Month ends are counted from the start, so that the 31st comes back after February. */
function renewed(subscription: Subscription, plan: SubscriptionPlan, now: number): Subscription {
  const { startedAt, interval } = subscription;
  const end = (periods: number) => monthsAfter(startedAt, periods * MONTHS[interval]);
  let periods = 1;
  while (end(periods) <= now) periods += 1;
  return timed({
    ...subscription,
    entitlements: plan.entitlements,
    currentPeriodStart: end(periods - 1),
    currentPeriodEnd: end(periods),
  });
}

/** Of one that is `asOf` now. Where no payment came there is no period left to end with. */
export function canceled(
  subscription: Subscription,
  { immediate, now }: { readonly immediate: boolean; readonly now: number },
): Decision<{ subscription: Subscription }> {
  const pending = subscription.cancelAtPeriodEnd;
  if (!runs(subscription) || (pending && !immediate)) return refuse("SUBSCRIPTION_STATE");
  const canceledAt = subscription.canceledAt ?? now;
  const noted = { ...subscription, cancelAtPeriodEnd: !immediate, canceledAt, updatedAt: now };
  return accept({
    subscription:
      immediate || subscription.status === "PAST_DUE"
        ? ended(noted, "CANCELED", Math.min(now, noted.currentPeriodEnd))
        : timed(noted),
  });
}

/** Of one that is `asOf` now: legal from a cancellation until the period ends. */
export function reactivated(
  subscription: Subscription,
  now: number,
): Decision<{ subscription: Subscription }> {
  if (!runs(subscription) || !subscription.cancelAtPeriodEnd) return refuse("SUBSCRIPTION_STATE");
  const again = { ...subscription, cancelAtPeriodEnd: false, canceledAt: null, updatedAt: now };
  return accept({ subscription: timed(again) });
}

/**
 * The subscription after an event of a purchase that pays for it. It runs as long as the purchase's
 * license, so events count in whatever order they count there.
 */
export function followed(ask: {
  readonly id: string;
  readonly userId: string;
  readonly plan: SubscriptionPlan;
  /** As it is now; undefined where there was none. */
  readonly before: Subscription | undefined;
  readonly license: License;
  /** Before the event, and with it. */
  readonly purchase: { readonly before: Purchase; readonly after: Purchase };
  /** Of the event. */
  readonly kind: PaymentEvent["kind"] | undefined;
  readonly now: number;
}): Subscription | undefined {
  const { id, userId, plan, before, license, purchase, kind, now } = ask;
  const months = MONTHS[plan.interval];
  const { endedAt, cancelledAt } = purchase.after;
  const bought = license.purchasedAt ?? license.createdAt;
  const paidUntil = license.expiresAt ?? monthsAfter(bought, months);
  const end = endedAt === null ? paidUntil : Math.min(paidUntil, endedAt);
  const own = before?.purchaseId === purchase.after.id ? before : undefined;
  // Another purchase that pays for longer is the one to follow.
  const other = !own && before && before.purchaseId !== null && runs(before);
  if (other && before.currentPeriodEnd >= end) return undefined;
  // What was given up comes back with more money, and with nothing less.
  if (own?.status === "CANCELED" && kind !== "renewed" && kind !== "dispute_won") return undefined;
  const told = (cancelledAt === null) !== (purchase.before.cancelledAt === null);
  const canceledAt = (own && !told ? own.canceledAt : cancelledAt) ?? endedAt;
  const pending = own && !told ? own.cancelAtPeriodEnd : cancelledAt !== null;
  const cancelAtPeriodEnd = pending || endedAt !== null;
  const startedAt = own?.startedAt ?? bought;
  const state = timed({
    ...{ id, userId, accountId: plan.accountId, productId: plan.productId, planId: plan.id },
    interval: plan.interval,
    entitlements: plan.entitlements,
    status: "ACTIVE",
    purchaseId: purchase.after.id,
    startedAt,
    currentPeriodStart: Math.max(startedAt, monthsAfter(end, -months)),
    currentPeriodEnd: end,
    // A cancellation that more money took back is none.
    ...{ cancelAtPeriodEnd, canceledAt: cancelAtPeriodEnd ? canceledAt : null },
    graceMs: license.graceMs,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    dueAt: null,
  });
  if (license.status === "revoked") {
    const since = state.canceledAt ?? now;
    return ended({ ...state, canceledAt: since }, "CANCELED", Math.min(now, end));
  }
  return asOf(state, { plan, now });
}
