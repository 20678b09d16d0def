import { expirationModeOf, fixedTo, withExpiry } from "./expiry.ts";
import { reinstated, reversed } from "./license-changes.ts";
import type { PaymentEvent, Provider, Subscriber, ToldKind } from "./payments.ts";
import type { License } from "./records.ts";

const DAY_MS = 86_400_000;
/** Until the provider says how long is paid for; longer than a month has days. */
const PROVISIONAL_DAYS = 31;
/** A dispute that came without an id. */
const UNNAMED = "";

type SoldTo = Subscriber & { readonly sold: readonly string[] };
type EarlyPeriod = { from: number; days: number | null };

/** What is known of one purchase, whatever events told it and in whatever order. */
export type Purchase = {
  id: string;
  provider: Provider;
  /** Of its licenses; null before there are any. */
  accountId: string | null;
  references: string[];
  licenseIds: string[];
  /** Those of them that were paid for outright: no period of the subscription is theirs. */
  outrightIds: string[];
  /** The sale as far as events told it; null before any did, and once its licenses are made. */
  sale: PaymentEvent | null;
  /** Inbound events that wait for the rest of the sale. */
  waitingEvents: string[];
  /** No event said yet how long is paid for: the end of its licenses is what our terms say. */
  provisional: boolean;
  paidUntil: number | null;
  /** Renewals before the sale that said no end: how many days, or null for what the variant says. */
  earlyRenewals: (number | null)[];
  /** Those that said when what they pay for began. */
  earlyPeriods: EarlyPeriod[];
  /** Why its licenses are, or will be, revoked. */
  reversal: "refund" | "chargeback" | null;
  wonDisputes: string[];
  /** A dispute stood when its licenses were made: the buyer is mailed the keys once it is won. */
  mailDue: boolean;
  cancelledAt: number | null;
  /** When the provider ended it. */
  endedAt: number | null;
  /** Who subscribed with it at the dashboard, and by which ids its plan is found. */
  subscriber: SoldTo | null;
  createdAt: number;
  updatedAt: number;
};

export const newPurchase = (id: string, provider: Provider, now: number): Purchase => ({
  id,
  provider,
  accountId: null,
  references: [],
  licenseIds: [],
  outrightIds: [],
  sale: null,
  waitingEvents: [],
  provisional: false,
  paidUntil: null,
  earlyRenewals: [],
  earlyPeriods: [],
  reversal: null,
  wonDisputes: [],
  mailDue: false,
  cancelledAt: null,
  endedAt: null,
  subscriber: null,
  createdAt: now,
  updatedAt: now,
});

const latest = (...instants: readonly (number | null)[]): number | null => {
  const known = instants.filter((instant) => instant !== null);
  return known.length > 0 ? Math.max(...known) : null;
};
const earliest = (...instants: readonly (number | null)[]): number | null => {
  const known = instants.filter((instant) => instant !== null);
  return known.length > 0 ? Math.min(...known) : null;
};
const union = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];

/** Two records of one purchase become one: events spoke of it by different names. */
export const mergedPurchase = (one: Purchase, other: Purchase): Purchase => ({
  ...one,
  accountId: one.accountId ?? other.accountId,
  references: union(one.references, other.references),
  licenseIds: union(one.licenseIds, other.licenseIds),
  outrightIds: union(one.outrightIds, other.outrightIds),
  sale: other.sale && one.sale ? mergedSale(other.sale, one.sale) : (one.sale ?? other.sale),
  waitingEvents: union(one.waitingEvents, other.waitingEvents),
  provisional: one.provisional || other.provisional,
  paidUntil: latest(one.paidUntil, other.paidUntil),
  earlyRenewals: [...one.earlyRenewals, ...other.earlyRenewals],
  earlyPeriods: [...one.earlyPeriods, ...other.earlyPeriods],
  reversal: one.reversal === "refund" ? "refund" : (other.reversal ?? one.reversal),
  wonDisputes: union(one.wonDisputes, other.wonDisputes),
  mailDue: one.mailDue || other.mailDue,
  cancelledAt: latest(one.cancelledAt, other.cancelledAt),
  endedAt: earliest(one.endedAt, other.endedAt),
  subscriber: boughtLater(other.subscriber, one.subscriber),
  createdAt: Math.min(one.createdAt, other.createdAt),
});

/** What the later event says, and of the earlier what the later leaves open. */
function mergedSale(earlier: PaymentEvent, later: PaymentEvent): PaymentEvent {
  const said = Object.entries(later).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
  const subscription = earlier.subscription || later.subscription;
  return { ...earlier, ...Object.fromEntries(said), subscription };
}

const saleOf = ({ sale }: Purchase, event: PaymentEvent): PaymentEvent => ({
  ...(sale ? mergedSale(sale, event) : event),
  kind: "completed",
});

/** The purchase with what the event says of it. */
export function noted(purchase: Purchase, event: PaymentEvent, now: number): Purchase {
  const sold = purchase.licenseIds.length > 0;
  const known: Purchase = {
    ...purchase,
    references: union(purchase.references, event.references),
    endedAt: earliest(purchase.endedAt, event.endedAt),
    subscriber: boughtLater(purchase.subscriber, subscriberOf(event)),
    updatedAt: now,
  };
  const dispute = event.disputeId ?? UNNAMED;
  switch (event.kind) {
    case "completed": {
      const paidUntil = latest(purchase.paidUntil, event.paidUntil);
      return { ...known, paidUntil, sale: sold ? null : saleOf(known, event) };
    }
    case "renewed": {
      if (sold) return known;
      if (event.paidUntil === null && event.paidFrom !== null) {
        const period = { from: event.paidFrom, days: event.durationDays };
        return { ...known, earlyPeriods: [...purchase.earlyPeriods, period] };
      }
      if (event.paidUntil === null) {
        return { ...known, earlyRenewals: [...purchase.earlyRenewals, event.durationDays] };
      }
      // One that says its end makes up for a sale that nobody told us of.
      const paidUntil = latest(purchase.paidUntil, event.paidUntil);
      return { ...known, paidUntil, sale: saleOf(known, event) };
    }
    case "cancelled":
      return {
        ...known,
        cancelledAt: now,
        paidUntil: latest(purchase.paidUntil, event.paidUntil),
      };
    case "resumed":
      return { ...known, cancelledAt: null };
    case "refunded":
      return { ...known, reversal: "refund" };
    case "disputed":
      return purchase.wonDisputes.includes(dispute) || purchase.reversal === "refund"
        ? known
        : { ...known, reversal: "chargeback" };
    case "dispute_won":
      return {
        ...known,
        paidUntil: latest(purchase.paidUntil, event.paidUntil),
        sale: sold || event.lines.length === 0 ? known.sale : saleOf(known, event),
        wonDisputes: union(purchase.wonDisputes, [dispute]),
        reversal: purchase.reversal === "chargeback" ? null : purchase.reversal,
      };
  }
}

const subscriberOf = ({ subscriber, lines }: PaymentEvent): SoldTo | null =>
  subscriber && { ...subscriber, sold: lines.flatMap(({ sold }) => sold) };

/** A renewal may be of something else, and be told of before the sale. */
const boughtLater = (known: SoldTo | null, said: SoldTo | null): SoldTo | null =>
  known && said && (known.boughtAt ?? 0) > (said.boughtAt ?? 0) ? known : (said ?? known);

/** Kinds that say how long is paid for, and nothing else of a license. */
const PERIODS: readonly PaymentEvent["kind"][] = ["completed", "renewed", "cancelled", "resumed"];

/** What the event says of a license that was paid for outright; undefined is nothing. */
export const saidOutright = (event: PaymentEvent): PaymentEvent | undefined =>
  PERIODS.includes(event.kind) ? undefined : { ...event, subscription: false, paidUntil: null };

/** The purchase without its periods. */
export const withoutPeriods = (purchase: Purchase): Purchase => ({
  ...purchase,
  paidUntil: null,
  earlyRenewals: [],
  earlyPeriods: [],
});

/** A license of the purchase after the event. `noted` is the purchase that knows of it. */
export function applied(ask: {
  license: License;
  event: PaymentEvent;
  before: Purchase;
  noted: Purchase;
  /** How long the license's variant lasts. */
  variantDays: number | null;
  /** What a subscription of its product goes on past its end. */
  graceMs: number;
  now: number;
}): License {
  const { event, before, now } = ask;
  const joins = event.subscription && ask.license.graceMs === 0 && ask.graceMs > 0;
  const license = joins ? { ...ask.license, graceMs: ask.graceMs } : ask.license;
  switch (event.kind) {
    case "completed":
      return event.paidUntil === null ? license : paidTo(license, event.paidUntil, before);
    case "renewed": {
      if (event.paidUntil !== null) return paidTo(license, event.paidUntil, before);
      const days = event.durationDays ?? ask.variantDays ?? PROVISIONAL_DAYS;
      return event.paidFrom === null
        ? extended(license, days, now)
        : paidTo(license, event.paidFrom + days * DAY_MS, { provisional: false });
    }
    case "cancelled":
      // Where its end is known, an end without payment adds nothing to it.
      return event.paidUntil !== null && before.provisional
        ? paidTo(license, event.paidUntil, before)
        : license;
    case "resumed":
      return license;
    case "refunded":
      return reversed(license, "refund", now);
    case "disputed":
      return ask.noted.reversal === null ? license : reversed(license, "chargeback", now);
    case "dispute_won": {
      const good =
        license.status === "revoked" && license.disputeReason === "chargeback"
          ? reinstated(license, now)
          : license;
      return event.paidUntil === null ? good : paidTo(good, event.paidUntil, before);
    }
  }
}

/** A license of one purchase after another turned out to be the same purchase. */
export function absorbed(ask: {
  license: License;
  into: Purchase;
  other: Purchase;
  variantDays: number | null;
  now: number;
}): License {
  const { into, other, variantDays, now } = ask;
  let license = ask.license;
  const end = saidEnd(other, variantDays);
  if (end !== null) license = paidTo(license, end, into);
  for (const early of other.earlyRenewals) {
    license = extended(license, early ?? variantDays ?? PROVISIONAL_DAYS, now);
  }
  return other.reversal === null ? license : reversed(license, other.reversal, now);
}

/** The latest end that events said of a purchase, or that follows from what they said. */
export const saidEnd = (
  { paidUntil, earlyPeriods }: Pick<Purchase, "paidUntil" | "earlyPeriods">,
  variantDays: number | null,
): number | null =>
  latest(
    paidUntil,
    ...earlyPeriods.map(
      ({ from, days }) => from + (days ?? variantDays ?? PROVISIONAL_DAYS) * DAY_MS,
    ),
  );

/**
 * From the later of now and its end; days that have not begun become more, and a perpetual license
 * stays perpetual.
 */
function extended(license: License, days: number, now: number): License {
  const { expiresAt, expiresAfterDays } = license;
  if (expiresAfterDays !== null && license.activatedAt === null) {
    const until = license.fixedExpiresAt;
    return withExpiry(license, {
      expiresAfterDays: expiresAfterDays + days,
      fixedExpiresAt: until === null ? null : Math.max(now, until) + days * DAY_MS,
    });
  }
  return expiresAt === null
    ? license
    : { ...license, ...fixedTo(Math.max(now, expiresAt) + days * DAY_MS) };
}

/**
 * The first end that the provider says replaces what our terms said, even for ever: only then it is
 * known to be a subscription. Later ones extend, and a perpetual license stays perpetual.
 */
function paidTo(
  license: License,
  paidUntil: number,
  { provisional }: Pick<Purchase, "provisional">,
): License {
  if (expirationModeOf(license) === "never" && !provisional) return license;
  const expiresAt = provisional ? paidUntil : Math.max(license.expiresAt ?? 0, paidUntil);
  return expiresAt === license.expiresAt ? license : { ...license, ...fixedTo(expiresAt) };
}

/**
 * When what was sold ends (reference, section 14.1): the provider's end, else `durationDays`, else
 * `trialDays`, else the code's trial days, else the variant's duration; null is perpetual.
 */
export function saleEnd(ask: {
  purchase: Purchase;
  sale: PaymentEvent;
  codeTrialDays: number | null;
  variantDays: number | null;
  now: number;
}): { expiresAt: number | null; provisional: boolean } {
  const { purchase, sale, now } = ask;
  const days = sale.durationDays ?? sale.trialDays ?? ask.codeTrialDays ?? ask.variantDays;
  const end = saidEnd(purchase, ask.variantDays);
  if (end !== null && (purchase.paidUntil !== null || sale.subscription)) {
    return { expiresAt: end, provisional: false };
  }
  const first = days ?? (sale.subscription ? PROVISIONAL_DAYS : null);
  if (first === null) return { expiresAt: null, provisional: true };
  const renewals = purchase.earlyRenewals.map(
    (early) => early ?? ask.variantDays ?? PROVISIONAL_DAYS,
  );
  const total = renewals.reduce((sum, more) => sum + more, first);
  return { expiresAt: now + total * DAY_MS, provisional: renewals.length === 0 };
}

/** A webhook that proved its origin, and what became of it. */
export type InboundEvent = {
  id: string;
  provider: Provider;
  accountId: string | null;
  /** The provider's name for what happened. */
  type: string;
  /** By which the event is found at the provider; null where it has no id. */
  providerEventId: string | null;
  status: "done" | "ignored" | "waiting" | "failed";
  reason: string | null;
  waitsForBuyer: string | null;
  licenseIds: string[];
  attempts: number;
  payloadSealed: string | null;
  keysSealed: string | null;
  receivedAt: number;
  updatedAt: number;
  expireAt: number;
};

/** What a purchase was told of beside its sale. */
export function notedKinds(purchase: Purchase): ToldKind[] {
  const { earlyRenewals, earlyPeriods, cancelledAt, reversal, wonDisputes } = purchase;
  const kinds: ToldKind[] = [];
  if (earlyRenewals.length + earlyPeriods.length > 0) kinds.push("renewed");
  if (cancelledAt !== null) kinds.push("cancelled");
  if (reversal !== null) kinds.push(reversal === "refund" ? "refunded" : "disputed");
  if (wonDisputes.length > 0) kinds.push("dispute_won");
  return kinds;
}

/** Whether an event says of a sold purchase what was not said before: providers tell of one thing several times. */
export function isNews(
  event: PaymentEvent,
  ask: { readonly before: Purchase; readonly noted: Purchase; readonly changed: boolean },
): boolean {
  const { before, noted: after, changed } = ask;
  // The sale was told when its licenses were made.
  if (event.kind === "completed" || event.kind === "resumed") return false;
  return (
    changed ||
    (event.kind === "renewed" && event.claims.length > 0) ||
    after.reversal !== before.reversal ||
    after.wonDisputes.length > before.wonDisputes.length ||
    (after.cancelledAt !== null && before.cancelledAt === null)
  );
}
