import { endOf, expiryToTell, standingEnds } from "./licenses.ts";
import type { License } from "./records.ts";

const DAY_MS = 86_400_000;

export type ExpirationMode = "never" | "fixed" | "afterActivation" | "both";

type Terms = Pick<License, "expiresAt" | "expiresAfterDays" | "fixedExpiresAt">;
type ExpiryTerms = Pick<License, "expiresAfterDays" | "fixedExpiresAt">;

/** The date that ends it, used or not; null is none. */
export const fixedExpiryOf = (license: Terms): number | null =>
  license.expiresAfterDays === null ? license.expiresAt : license.fixedExpiresAt;

export function expirationModeOf(license: Terms): ExpirationMode {
  const fixed = fixedExpiryOf(license) !== null;
  if (license.expiresAfterDays === null) return fixed ? "fixed" : "never";
  return fixed ? "both" : "afterActivation";
}

/** A date for ever, or none: what a vendor or a payment sets takes the place of every other term. */
export const fixedTo = (expiresAt: number | null): Terms => ({
  expiresAt,
  expiresAfterDays: null,
  fixedExpiresAt: null,
});

/** The license under other terms. A countdown that has begun goes on from where it began. */
export function withExpiry(
  license: License,
  { expiresAfterDays, fixedExpiresAt }: ExpiryTerms,
): License {
  if (expiresAfterDays === null) return { ...license, ...fixedTo(fixedExpiresAt) };
  const { activatedAt } = license;
  const ends = [
    ...(activatedAt === null ? [] : [activatedAt + expiresAfterDays * DAY_MS]),
    ...(fixedExpiresAt === null ? [] : [fixedExpiresAt]),
  ];
  const expiresAt = ends.length > 0 ? Math.min(...ends) : null;
  return { ...license, expiresAt, expiresAfterDays, fixedExpiresAt };
}

/** The license once it was used, which begins its countdown; the same object when it was before. */
export function activated(license: License, now: number): License {
  if (license.activatedAt !== null) return license;
  const used = { ...license, activatedAt: now };
  if (license.expiresAfterDays === null) return used;
  const begun = withExpiry(used, license);
  const tellExpiryAt = expiryToTell(license, begun);
  return { ...begun, tellExpiryAt, refileAt: standingEnds(begun, now) };
}

/** What ended the license: its date, or its days since it was first used. */
export function endedBy(license: License, now: number): "date" | "days" | undefined {
  if (now < endOf(license)) return undefined;
  const fixed = fixedExpiryOf(license);
  return fixed !== null && now >= fixed + license.graceMs ? "date" : "days";
}
