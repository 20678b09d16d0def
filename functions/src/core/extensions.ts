import { fixedExpiryOf, fixedTo, withExpiry } from "./expiry.ts";
import type { License } from "./records.ts";

const DAY_MS = 86_400_000;
const MAX_DAYS = 36_500;
/** The end of the year 9999: later dates have no usual spelling. */
const LAST_INSTANT = 253_402_300_799_999;

export type Extension = { readonly days: number } | { readonly expiresAt: number };

/** Why a license is not extended. */
export type NotExtended = "NEVER_EXPIRES" | "NOT_ACTIVATED" | "NOT_LATER" | "LIMIT_EXCEEDED";

/**
 * The license with a later end. Days are added to each of its terms, from now where that is over; a date
 * takes the place of its terms, and never shortens them.
 */
export const extended = (
  license: License,
  extension: Extension,
  now: number,
): License | NotExtended =>
  fixedExpiryOf(license) === null && license.expiresAfterDays === null
    ? "NEVER_EXPIRES"
    : "days" in extension
      ? byDays(license, extension.days, now)
      : to(license, extension.expiresAt, now);

function to(license: License, expiresAt: number, now: number): License | NotExtended {
  if (license.expiresAt === null) return "NOT_ACTIVATED";
  const later = expiresAt > Math.max(license.expiresAt, now);
  return later ? { ...license, ...fixedTo(expiresAt) } : "NOT_LATER";
}

function byDays(license: License, days: number, now: number): License | NotExtended {
  const { activatedAt, expiresAfterDays: before } = license;
  const fixed = fixedExpiryOf(license);
  const fixedExpiresAt = fixed === null ? null : Math.max(fixed, now) + days * DAY_MS;
  const passed = activatedAt === null ? 0 : Math.ceil((now - activatedAt) / DAY_MS);
  const expiresAfterDays = before === null ? null : Math.max(before, passed) + days;
  const tooLate = (fixedExpiresAt ?? 0) > LAST_INSTANT || (expiresAfterDays ?? 0) > MAX_DAYS;
  return tooLate ? "LIMIT_EXCEEDED" : withExpiry(license, { fixedExpiresAt, expiresAfterDays });
}
