import { expirationModeOf } from "../../functions/src/core/expiry.ts";
import { extended } from "../../functions/src/core/extensions.ts";
import type { License } from "../../functions/src/core/records.ts";
import { license, NOW } from "../support/records.ts";

const DAY = 86_400_000;
const terms = (change: Partial<License>) =>
  license({ expiresAt: null, expiresAfterDays: null, fixedExpiresAt: null, ...change });
const days = (change: Partial<License>, by = 10) => extended(terms(change), { days: by }, NOW);
const until = (change: Partial<License>, expiresAt: number) =>
  extended(terms(change), { expiresAt }, NOW);
const after = (
  count: number,
  activatedAt: number | null,
  fixedExpiresAt: number | null = null,
) => ({
  expiresAfterDays: count,
  activatedAt,
  fixedExpiresAt,
  expiresAt: activatedAt === null ? fixedExpiresAt : activatedAt + count * DAY,
});

test.each<[string, Partial<License>, Partial<License>]>([
  ["a date that is to come", { expiresAt: NOW + DAY }, { expiresAt: NOW + 11 * DAY }],
  ["a date that is over, from now", { expiresAt: NOW - 5 * DAY }, { expiresAt: NOW + 10 * DAY }],
  ["a date that is now, from now", { expiresAt: NOW }, { expiresAt: NOW + 10 * DAY }],
  ["days not begun", after(30, null), { expiresAfterDays: 40, expiresAt: null }],
  ["days begun", after(30, NOW - DAY), { expiresAfterDays: 40, expiresAt: NOW - DAY + 40 * DAY }],
  [
    "days that are over, from now",
    after(30, NOW - 50 * DAY),
    { expiresAfterDays: 60, expiresAt: NOW + 10 * DAY },
  ],
  [
    "both terms",
    after(30, null, NOW + DAY),
    { expiresAfterDays: 40, fixedExpiresAt: NOW + 11 * DAY, expiresAt: NOW + 11 * DAY },
  ],
])("ten days more: %s", (_, change, result) => {
  expect(days(change)).toEqual({ ...terms(change), ...result });
});

test.each<[string, unknown, unknown]>([
  ["what never expires, by days", days({}), "NEVER_EXPIRES"],
  ["what never expires, to a date", until({}, NOW + DAY), "NEVER_EXPIRES"],
  ["days not begun, to a date", until(after(30, null), NOW + DAY), "NOT_ACTIVATED"],
  ["to an earlier date", until({ expiresAt: NOW + 2 * DAY }, NOW + DAY), "NOT_LATER"],
  ["to the same date", until({ expiresAt: NOW + DAY }, NOW + DAY), "NOT_LATER"],
  ["to a date that is over", until({ expiresAt: NOW - 2 * DAY }, NOW - DAY), "NOT_LATER"],
  ["past a hundred years of days", days(after(36_495, null)), "LIMIT_EXCEEDED"],
  ["past the year 9999", days({ expiresAt: 253_402_300_799_999 }), "LIMIT_EXCEEDED"],
])("not extended: %s", (_, outcome, reason) => {
  expect(outcome).toBe(reason);
});

test("a date takes the place of days, and the license ends on it", () => {
  const outcome = until(after(30, NOW - DAY), NOW + 90 * DAY);
  expect(outcome).toMatchObject({ expiresAt: NOW + 90 * DAY, expiresAfterDays: null });
  expect(expirationModeOf(outcome as License)).toBe("fixed");
});
