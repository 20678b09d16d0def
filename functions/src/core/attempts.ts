import { accept, type Decision, refuse } from "./decision.ts";
import type { Attempts } from "./records.ts";

const WINDOW_MS = 3_600_000;
/** Callers that race, and clocks that are not quite the same, may be this far behind the window. */
const SKEW_MS = 60_000;
/** Above this many slots the documented budget would lock a studio out of its own pool. */
const ATTEMPTS_PER_SLOT = 3;

/**
 * How many activation attempts an hour the license has: `base`, or more when it has many slots; a
 * base of 0 is no limit.
 */
export const attemptLimit = (slots: number | undefined, base: number): number =>
  base === 0 ? Number.POSITIVE_INFINITY : Math.max(base, ATTEMPTS_PER_SLOT * (slots ?? 0));

/** Counts one attempt in the hour that began with the first; refused ones are not counted again. */
export function countAttempt(
  attempts: Attempts | null,
  limit: number,
  now: number,
): Decision<{ attempts: Attempts }> {
  const elapsed = now - (attempts?.startedAt ?? 0);
  // A clock that stepped back further must not close the window for longer than it lasts.
  const open = attempts !== null && elapsed >= -SKEW_MS && elapsed < WINDOW_MS;
  if (!open) return accept({ attempts: { startedAt: now, count: 1 } });
  if (attempts.count >= limit) {
    return refuse("RATE_LIMITED", { retryAfterSeconds: Math.ceil((WINDOW_MS - elapsed) / 1000) });
  }
  return accept({ attempts: { startedAt: attempts.startedAt, count: attempts.count + 1 } });
}
