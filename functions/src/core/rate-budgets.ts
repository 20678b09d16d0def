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

/** Below it one request is more than the instances together may exceed their budget by. */
const SMALLEST_UNASKED = 10;

/** What an instance lets through of a minute before it asks: who calls now and then costs no document. */
const unaskedOf = (perMinute: number): number =>
  perMinute < SMALLEST_UNASKED ? 0 : Math.ceil(perMinute / LEASES_A_WINDOW);

/** What an instance let through before it asked, and since when. */
export type Unasked = { readonly startedAt: number; readonly used: number };

/** The beginning of an instance's minute, for which nobody is asked. */
export const unaskedLease = (perMinute: number, startedAt: number): Lease => ({
  granted: unaskedOf(perMinute),
  endsAt: startedAt + WINDOW_MS,
  unleased: perMinute - unaskedOf(perMinute),
});

/** Whether the minute that a lease is of still runs; one from a clock that stepped back does not. */
export const isCurrent = (lease: Pick<Lease, "endsAt">, now: number): boolean =>
  isOpen(lease.endsAt - WINDOW_MS, WINDOW_MS, now);

/**
 * Leases a part of the minute's budget. What instances leased is taken from it whether they use it
 * or not, and so is what one let through before it asked: together they let through `perMinute`, and
 * at most what each of those lets through unasked that ask when there is nothing left.
 */
export function leaseBudget(
  budget: RateBudget | undefined,
  ask: {
    readonly id: string;
    readonly perMinute: number;
    readonly now: number;
    readonly unasked: Unasked;
  },
): { lease: Lease; budget: RateBudget } {
  const { id, perMinute, now, unasked } = ask;
  const current = budget && isOpen(budget.startedAt, WINDOW_MS, now) ? budget : undefined;
  const startedAt = current?.startedAt ?? unasked.startedAt;
  const leased = (current?.leased ?? 0) + unasked.used;
  const whole = Math.max(SMALLEST_LEASE, Math.ceil(perMinute / LEASES_A_WINDOW));
  const granted = Math.max(0, Math.min(whole, perMinute - leased));
  const endsAt = startedAt + WINDOW_MS;
  return {
    lease: { granted, endsAt, unleased: Math.max(0, perMinute - leased - granted) },
    budget: { id, startedAt, leased: leased + granted, expireAt: endsAt },
  };
}
