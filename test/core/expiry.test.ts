import {
  activated,
  endedBy,
  expirationModeOf,
  fixedExpiryOf,
  withExpiry,
} from "../../functions/src/core/expiry.ts";
import { decideUpdate } from "../../functions/src/core/license-changes.ts";
import { applied, newPurchase } from "../../functions/src/core/purchases.ts";
import { DAY, HOUR, license, NOW } from "../support/records.ts";

const LATER = NOW + 90 * DAY;
const terms = (expiresAfterDays: number | null, fixedExpiresAt: number | null) =>
  withExpiry(license(), { expiresAfterDays, fixedExpiresAt });

test.each([
  ["never", terms(null, null), null, null],
  ["fixed", terms(null, LATER), LATER, LATER],
  ["afterActivation", terms(30, null), null, NOW + 30 * DAY],
  ["both", terms(30, LATER), LATER, NOW + 30 * DAY],
  ["both", terms(100, LATER), LATER, LATER],
])("%s: what ends it before and after it is first used", (mode, held, before, after) => {
  expect([expirationModeOf(held), held.expiresAt]).toEqual([mode, before]);
  const used = activated(held, NOW);
  expect([expirationModeOf(used), used.expiresAt, used.activatedAt]).toEqual([mode, after, NOW]);
  expect(fixedExpiryOf(used)).toBe(fixedExpiryOf(held));
});

test("a countdown begins once, and its end is told when it comes", () => {
  const used = activated(terms(30, null), NOW);
  expect(used.tellExpiryAt).toBe(NOW + 30 * DAY);
  expect(activated(used, NOW + DAY)).toBe(used);
});

test("other terms go on from where the countdown began", () => {
  const used = activated(terms(30, null), NOW);
  const longer = withExpiry(used, { expiresAfterDays: 40, fixedExpiresAt: null });
  expect(longer.expiresAt).toBe(NOW + 40 * DAY);
  const forEver = withExpiry(used, { expiresAfterDays: null, fixedExpiresAt: null });
  expect(forEver).toMatchObject({ expiresAt: null, expiresAfterDays: null, activatedAt: NOW });
});

test("the date is named where both are over, and the end is exclusive, after any grace", () => {
  const days = activated(terms(30, LATER), NOW);
  expect(endedBy(days, NOW + 30 * DAY - 1)).toBeUndefined();
  expect(endedBy(days, NOW + 30 * DAY)).toBe("days");
  expect(endedBy(days, LATER)).toBe("date");
  const graced = { ...days, graceMs: HOUR };
  expect(endedBy(graced, NOW + 30 * DAY)).toBeUndefined();
  expect(endedBy(graced, NOW + 30 * DAY + HOUR)).toBe("days");
  expect(endedBy(graced, LATER)).toBe("days");
});

test("a date that a vendor sets takes the place of every other term", () => {
  const update = { expiresAt: LATER };
  const held = activated(terms(30, NOW + DAY), NOW);
  const { license: set } = decideUpdate({ license: held, update, countedIn: undefined, now: NOW });
  expect(set).toMatchObject({ expiresAt: LATER, expiresAfterDays: null, fixedExpiresAt: null });
  const { license: kept } = decideUpdate({
    license: held,
    update: { maxMachines: 5 },
    countedIn: undefined,
    now: NOW,
  });
  expect(kept).toMatchObject({ expiresAfterDays: 30, fixedExpiresAt: NOW + DAY });
});

describe("a renewal", () => {
  const renewed = (held: ReturnType<typeof terms>, paidUntil: number | null) => {
    const purchase = { ...newPurchase("p", "native", NOW), licenseIds: [held.id] };
    return applied({
      license: held,
      event: {
        kind: "renewed",
        references: [],
        claims: [],
        email: null,
        buyer: null,
        lines: [],
        subscription: false,
        paidUntil,
        paidFrom: null,
        endedAt: null,
        subscriber: null,
        licenseType: null,
        maxMachines: null,
        durationDays: 10,
        trialDays: null,
        discountCode: null,
        licenseKey: null,
        disputeId: null,
        purchaseId: null,
      },
      before: purchase,
      noted: purchase,
      variantDays: null,
      graceMs: 0,
      now: NOW,
    });
  };

  test("adds to days that have not begun", () => {
    expect(renewed(terms(30, null), null)).toMatchObject({ expiresAt: null, expiresAfterDays: 40 });
    expect(renewed(terms(30, LATER), null)).toMatchObject({
      expiresAt: LATER + 10 * DAY,
      expiresAfterDays: 40,
    });
  });

  test("makes a date of days that have begun, and of an end that its provider says", () => {
    const fixed = { expiresAfterDays: null, fixedExpiresAt: null };
    const begun = activated(terms(30, null), NOW);
    expect(renewed(begun, null)).toMatchObject({ ...fixed, expiresAt: NOW + 40 * DAY });
    expect(renewed(terms(30, null), LATER)).toMatchObject({ ...fixed, expiresAt: LATER });
    const perpetual = terms(null, null);
    expect(renewed(perpetual, LATER)).toBe(perpetual);
  });
});
