import { isOpen } from "./windows.ts";

/** What all instances together have let somebody do in the minute that began then. */
export type RateBudget = { id: string; startedAt: number; leased: number; expireAt: number };

/** Requests an instance may let through until then without asking again. */
export type Lease = {
  readonly granted: number;
  readonly endsAt: number;
  /** What nobody has leased of the minute yet. */
  readonly unleased: number;
};

const WINDOW_MS = 60_000;
const SMALLEST_LEASE = 10;
/** So that a large plan's budget is one document that is not written too often. */
const LEASES_A_WINDOW = 100;

/**
 * Leases a part of the minute's budget. What instances leased is taken from it whether they use it
 * or not, so that together they never let through more than `perMinute`.
 */
export function leaseBudget(
  budget: RateBudget | undefined,
  ask: { readonly id: string; readonly perMinute: number; readonly now: number },
): { lease: Lease; budget: RateBudget } {
  const { id, perMinute, now } = ask;
  const current = budget && isOpen(budget.startedAt, WINDOW_MS, now) ? budget : undefined;
  const startedAt = current?.startedAt ?? now;
  const leased = current?.leased ?? 0;
  const whole = Math.max(SMALLEST_LEASE, Math.ceil(perMinute / LEASES_A_WINDOW));
  const granted = Math.max(0, Math.min(whole, perMinute - leased));
  const endsAt = startedAt + WINDOW_MS;
  return {
    lease: { granted, endsAt, unleased: Math.max(0, perMinute - leased - granted) },
    budget: { id, startedAt, leased: leased + granted, expireAt: endsAt },
  };
}
