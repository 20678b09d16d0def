import { accept, type Decision, refuse } from "./decision.ts";
import type { Attempts } from "./records.ts";
import { isOpen } from "./windows.ts";

/** None made yet, or all of them forgiven. */
export const NO_ATTEMPTS: Attempts = { startedAt: 0, count: 0 };

const WINDOW_MS = 3_600_000;
/** Above this many slots the documented budget would lock a studio out of its own pool. */
const ATTEMPTS_PER_SLOT = 3;

/**
 * How many activation attempts an hour the license has: `base`, or more when it has many slots; a
 * base of 0 is no limit.
 */
export const attemptLimit = (slots: number | undefined, base: number): number =>
  base === 0 ? Number.POSITIVE_INFINITY : Math.max(base, ATTEMPTS_PER_SLOT * (slots ?? 0));

/**
 * Counts one attempt in the hour that began with the first; refused ones are not counted again, and
 * none is where there is no limit.
 */
export function countAttempt(
  attempts: Attempts | null,
  limit: number,
  now: number,
): Decision<{ attempts: Attempts }> {
  if (limit === Number.POSITIVE_INFINITY) return accept({ attempts: attempts ?? NO_ATTEMPTS });
  if (!attempts || !isOpen(attempts.startedAt, WINDOW_MS, now)) {
    return accept({ attempts: { startedAt: now, count: 1 } });
  }
  if (attempts.count >= limit) {
    const left = attempts.startedAt + WINDOW_MS - now;
    return refuse("RATE_LIMITED", { retryAfterSeconds: Math.ceil(left / 1000) });
  }
  return accept({ attempts: { ...attempts, count: attempts.count + 1 } });
}
