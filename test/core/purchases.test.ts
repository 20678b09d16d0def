import { paymentEvent } from "../../functions/src/core/payments.ts";
import {
  absorbed,
  applied,
  isNews,
  mergedPurchase,
  newPurchase,
  noted,
  notedKinds,
  type Purchase,
  saleEnd,
} from "../../functions/src/core/purchases.ts";
import type { License } from "../../functions/src/core/records.ts";
import { DAY, license, NOW } from "../support/records.ts";

const purchase = (changes: Partial<Purchase> = {}): Purchase => ({
  ...newPurchase("p", "stripe", NOW),
  ...changes,
});
const event = (kind: Parameters<typeof paymentEvent>[0]["kind"], more = {}) =>
  paymentEvent({ kind, references: ["r:1"], ...more });

describe("what was sold ends", () => {
  const sale = (more = {}) => event("completed", more);
  test.each<[string, object, Partial<Purchase>, number | null, boolean]>([
    ["when the provider says", { durationDays: 5 }, { paidUntil: NOW + 9 * DAY }, 9, false],
    ["after durationDays", { durationDays: 5, trialDays: 6 }, {}, 5, true],
    ["after trialDays", { trialDays: 6 }, {}, 6, true],
    ["after a month that the first invoice corrects", { subscription: true }, {}, 31, true],
    ["never", {}, {}, null, true],
    [
      "with a period that began before the sale was known",
      { subscription: true },
      { paidUntil: NOW + 9 * DAY, earlyPeriods: [{ from: NOW + 9 * DAY, days: 30 }] },
      39,
      false,
    ],
    ["later by early renewals", { durationDays: 5 }, { earlyRenewals: [5, 7] }, 17, false],
  ])("%s", (_, terms, known, days, provisional) => {
    const ask = { purchase: purchase(known), sale: sale(terms), now: NOW };
    expect(saleEnd({ ...ask, codeTrialDays: null, variantDays: null })).toEqual({
      expiresAt: days === null ? null : NOW + days * DAY,
      provisional,
    });
  });
  test("after the code's trial, before the variant's duration", () => {
    const ask = { purchase: purchase(), sale: sale(), variantDays: 365, now: NOW };
    expect(saleEnd({ ...ask, codeTrialDays: 14 }).expiresAt).toBe(NOW + 14 * DAY);
    expect(saleEnd({ ...ask, codeTrialDays: null }).expiresAt).toBe(NOW + 365 * DAY);
  });
});

describe("a renewal", () => {
  const renewed = (held: License, more: object, known: Partial<Purchase> = {}) => {
    const before = purchase({ licenseIds: [held.id], ...known });
    const said = event("renewed", more);
    return applied({
      license: held,
      event: said,
      before,
      noted: noted(before, said, NOW),
      variantDays: 30,
      graceMs: 3 * DAY,
      now: NOW,
    }).expiresAt;
  };
  const ends = (days: number) => license({ expiresAt: NOW + days * DAY });

  test.each<[string, License, object, Partial<Purchase>, number | null]>([
    ["adds its days to the end", ends(2), { durationDays: 7 }, {}, 9],
    ["adds its days to now when the end is past", ends(-2), { durationDays: 7 }, {}, 7],
    ["adds the variant's days", ends(2), {}, {}, 32],
    ["goes to the end that it says", ends(2), { paidUntil: NOW + 50 * DAY }, {}, 50],
    ["never shortens", ends(60), { paidUntil: NOW + 50 * DAY }, {}, 60],
    ["corrects a guess", ends(60), { paidUntil: NOW + 50 * DAY }, { provisional: true }, 50],
    ["counts from the start that it says", ends(2), { paidFrom: NOW }, {}, 30],
    ["and not twice", ends(31), { paidFrom: NOW }, { provisional: true }, 31],
    ["leaves a perpetual license alone", license(), { durationDays: 7 }, {}, null],
  ])("%s", (_, held, more, known, days) => {
    expect(renewed(held, more, known)).toBe(days === null ? null : NOW + days * DAY);
  });
});

describe("disputes", () => {
  const after = (...events: ReturnType<typeof event>[]) =>
    events.reduce((known, one) => noted(known, one, NOW), purchase()).reversal;
  const disputed = event("disputed", { disputeId: "d" });
  const won = event("dispute_won", { disputeId: "d" });
  const refunded = event("refunded");

  test.each([
    [[disputed], "chargeback"],
    [[disputed, won], null],
    [[won, disputed], null],
    [[won, event("disputed", { disputeId: "other" })], "chargeback"],
    [[refunded, disputed, won], "refund"],
    [[disputed, won, refunded], "refund"],
    [[disputed, refunded, won], "refund"],
  ])("%# end in the same state whatever their order", (events, reversal) => {
    expect(after(...events)).toBe(reversal);
  });
});

describe("two records that turn out to be one purchase", () => {
  const held = license({ expiresAt: NOW + 5 * DAY });
  const into = purchase({ licenseIds: [held.id], references: ["subscription:1"] });
  const joined = (other: Partial<Purchase>) =>
    absorbed({ license: held, into, other: purchase(other), variantDays: null, now: NOW });

  test("bring what the other knew to the license", () => {
    expect(joined({ reversal: "refund" })).toMatchObject({ status: "revoked", threatLevel: 4 });
    expect(joined({ paidUntil: NOW + 40 * DAY }).expiresAt).toBe(NOW + 40 * DAY);
    expect(joined({ earlyRenewals: [10, null] }).expiresAt).toBe(NOW + 46 * DAY);
    expect(joined({ earlyPeriods: [{ from: NOW, days: null }] }).expiresAt).toBe(NOW + 31 * DAY);
    expect(joined({})).toBe(held);
  });

  test("keep every name, and the sale as the events told it", () => {
    const first = noted(purchase(), event("completed", { email: "a@example.com" }), NOW);
    const line = { productId: "p", variant: null, sold: [], hint: null, quantity: 1 };
    const second = noted(
      purchase({ id: "q" }),
      paymentEvent({ kind: "completed", references: ["r:2"], lines: [line] }),
      NOW,
    );
    expect(mergedPurchase(first, second)).toMatchObject({
      id: "p",
      references: ["r:1", "r:2"],
      sale: { email: "a@example.com", lines: [line] },
    });
  });
});

describe("what is told", () => {
  const sold = { licenseIds: ["one"] };
  const news = (
    kind: Parameters<typeof event>[0],
    {
      known = {},
      more = {},
      changed = false,
    }: { known?: object; more?: object; changed?: boolean },
  ) => {
    const before = purchase({ ...sold, ...known });
    const said = event(kind, more);
    return isNews(said, { before, noted: noted(before, said, NOW), changed });
  };

  test.each<[string, Parameters<typeof event>[0], Parameters<typeof news>[1], boolean]>([
    ["a sale that was told", "completed", { changed: true }, false],
    ["a refund", "refunded", {}, true],
    ["a refund that was told", "refunded", { known: { reversal: "refund" } }, false],
    ["a refund after a dispute", "refunded", { known: { reversal: "chargeback" } }, true],
    ["a dispute", "disputed", {}, true],
    ["a dispute that was won before", "disputed", { known: { wonDisputes: [""] } }, false],
    ["a cancellation", "cancelled", {}, true],
    ["a cancellation that was told", "cancelled", { known: { cancelledAt: NOW } }, false],
    ["a renewal that changes the license", "renewed", { changed: true }, true],
    ["a paid renewal of what never ends", "renewed", { more: { claims: ["i:1"] } }, true],
    ["a renewal that says nothing", "renewed", {}, false],
  ])("%s", (_, kind, about, told) => {
    expect(news(kind, about)).toBe(told);
  });

  test("all that came before the sale, each once", () => {
    const notes = { earlyRenewals: [30, 30], cancelledAt: NOW, reversal: "refund" as const };
    expect(notedKinds(purchase(notes))).toEqual(["renewed", "cancelled", "refunded"]);
    expect(notedKinds(purchase({ reversal: "chargeback" }))).toEqual(["disputed"]);
    expect(notedKinds(purchase())).toEqual([]);
  });
});
