const DAY_MS = 86_400_000;

/** A check is an answered client request about a known license, a denial one that was refused. */
export type UsageCount = { readonly checks: number; readonly denials: number };

export const NO_USAGE: UsageCount = { checks: 0, denials: 0 };

export const addUsage = (one: UsageCount, other: UsageCount): UsageCount => ({
  checks: one.checks + other.checks,
  denials: one.denials + other.denials,
});

/** The day of an instant (UTC), in whole days since 1970. */
export const dayOf = (now: number): number => Math.floor(now / DAY_MS);
