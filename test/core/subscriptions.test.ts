import fc from "fast-check";
import { monthsAfter } from "../../functions/src/core/months.ts";
import {
  asOf,
  canceled,
  goodUntil,
  reactivated,
  runs,
  type SubscriptionPlan,
  started,
  wantsPayment,
} from "../../functions/src/core/subscriptions.ts";

const at = (text: string) => Date.parse(`${text}T12:00:00Z`);
const day = (instant: number) => new Date(instant).toISOString().slice(0, 10);
const plan: SubscriptionPlan = {
  id: "11112222-3333-4444-8555-666677778888",
  accountId: "a",
  productId: "3b6f0a52-6a0e-4a55-9a5c-2f6f3b1f7c11",
  name: "Pro",
  priceCents: 1900,
  interval: "month",
  entitlements: ["export"],
  active: true,
  providerIds: [],
  createdAt: 0,
  updatedAt: 0,
};
const begun = (now: number, interval: "month" | "year" = "month") =>
  started({
    id: "99998888-7777-4666-8555-444433332222",
    userId: "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10",
    plan: { ...plan, interval },
    before: undefined,
    now,
  });
const paid = (now: number) => ({ ...begun(now), purchaseId: "p", graceMs: 3 * 86_400_000 });

test("a month that is too short ends the period on its last day, and the next has the day again", () => {
  const subscription = begun(at("2027-01-31"));
  const periodAt = (now: string) => {
    const { currentPeriodStart, currentPeriodEnd } = asOf(subscription, { plan, now: at(now) });
    return [day(currentPeriodStart), day(currentPeriodEnd)];
  };
  expect(periodAt("2027-02-27")).toEqual(["2027-01-31", "2027-02-28"]);
  expect(periodAt("2027-02-28")).toEqual(["2027-02-28", "2027-03-31"]);
  expect(periodAt("2027-03-31")).toEqual(["2027-03-31", "2027-04-30"]);
  expect(periodAt("2028-02-01")).toEqual(["2028-01-31", "2028-02-29"]);
  const leap = begun(at("2028-02-29"), "year");
  expect(day(leap.currentPeriodEnd)).toBe("2029-02-28");
  const later = asOf(leap, { plan, now: at("2032-02-28") });
  expect(day(later.currentPeriodEnd)).toBe("2032-02-29");
});

test("whenever one looks, the period holds now, begins where one before it ended, and looking twice is looking once", () => {
  const instant = fc.integer({ min: at("2026-01-01"), max: at("2040-01-01") });
  fc.assert(
    fc.property(instant, fc.array(instant, { maxLength: 4 }), (start, looks) => {
      const subscription = begun(start);
      const sorted = looks.map((look) => Math.max(look, start)).sort((a, b) => a - b);
      const stepped = sorted.reduce((held, now) => asOf(held, { plan, now }), subscription);
      const now = sorted.at(-1) ?? start;
      const seen = asOf(subscription, { plan, now });
      expect(stepped).toEqual(seen);
      expect(seen.currentPeriodStart <= now && now < seen.currentPeriodEnd).toBe(true);
      const months = Array.from({ length: 200 }, (_, index) => monthsAfter(start, index));
      expect(months).toContain(seen.currentPeriodStart);
      expect(months).toContain(seen.currentPeriodEnd);
    }),
  );
});

test("without a payment it goes on only while there is a plan", () => {
  const subscription = begun(at("2026-04-01"));
  const gone = asOf(subscription, { plan: undefined, now: at("2026-05-01") });
  expect([gone.status, day(gone.currentPeriodEnd), gone.dueAt]).toEqual([
    "EXPIRED",
    "2026-05-01",
    null,
  ]);
});

test("one that is paid for waits for its payment as long as its grace, and then expires", () => {
  const subscription = paid(at("2026-04-01"));
  const end = subscription.currentPeriodEnd;
  const seen = (now: number) => asOf(subscription, { plan, now });
  expect(seen(end - 1).status).toBe("ACTIVE");
  expect([seen(end).status, runs(seen(end)), day(goodUntil(seen(end)))]).toEqual([
    "PAST_DUE",
    true,
    "2026-05-04",
  ]);
  const { dueAt } = seen(end);
  expect(seen((dueAt ?? 0) - 1).status).toBe("PAST_DUE");
  expect([seen(dueAt ?? 0).status, runs(seen(dueAt ?? 0))]).toEqual(["EXPIRED", false]);
});

test("a cancellation runs to the period's end, or ends at once; until then it can be taken back", () => {
  const now = at("2026-04-10");
  const subscription = begun(at("2026-04-01"));
  const later = canceled(subscription, { immediate: false, now });
  if (!later.ok) throw new Error(later.code);
  const held = later.subscription;
  expect([held.status, held.cancelAtPeriodEnd, held.canceledAt]).toEqual(["ACTIVE", true, now]);
  expect(canceled(held, { immediate: false, now })).toMatchObject({ code: "SUBSCRIPTION_STATE" });
  const over = asOf(held, { plan, now: held.currentPeriodEnd });
  expect([over.status, over.currentPeriodEnd]).toEqual(["CANCELED", held.currentPeriodEnd]);
  expect(reactivated(over, held.currentPeriodEnd)).toMatchObject({ code: "SUBSCRIPTION_STATE" });
  expect(reactivated(held, now)).toMatchObject({
    subscription: { status: "ACTIVE", cancelAtPeriodEnd: false, canceledAt: null },
  });
  expect(reactivated(subscription, now)).toMatchObject({ code: "SUBSCRIPTION_STATE" });
  const immediate = canceled(held, { immediate: true, now: now + 1 });
  expect(immediate).toMatchObject({
    subscription: { status: "CANCELED", currentPeriodEnd: now + 1, canceledAt: now, dueAt: null },
  });
});

test("a cancellation while a payment is missing ends it: there is no period left", () => {
  const subscription = paid(at("2026-04-01"));
  const now = subscription.currentPeriodEnd + 5;
  const due = asOf(subscription, { plan, now });
  expect(canceled(due, { immediate: false, now })).toMatchObject({
    subscription: { status: "CANCELED", currentPeriodEnd: subscription.currentPeriodEnd },
  });
});

test.each([
  [0, true, ["polar"], false],
  [1900, false, [], false],
  [1900, true, [], true],
  [1900, false, ["polar"], true],
] as const)(
  "a plan of %i cents, payments wanted: %s, sold at %j: only its payment starts it: %s",
  (priceCents, need, sellers, wants) => {
    const providerIds = sellers.map((provider) => ({ provider, id: "x" }));
    expect(wantsPayment({ ...plan, priceCents, providerIds }, need)).toBe(wants);
  },
);
