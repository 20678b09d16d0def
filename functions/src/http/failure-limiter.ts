const WINDOW_MS = 60_000;
const MAX_CALLERS = 10_000;

/** Slows down whoever guesses keys: counts failures per caller in the minute since the first. */
export type FailureLimiter = {
  /** Seconds to wait, or `undefined` when the caller may go on. */
  readonly blockedFor: (caller: string) => number | undefined;
  readonly failed: (caller: string) => void;
};

/** In the memory of one instance; the oldest callers are forgotten when there are too many. */
export function createFailureLimiter(limit: number, now: () => number): FailureLimiter {
  const callers = new Map<string, { startedAt: number; count: number }>();
  const current = (caller: string) => {
    const entry = callers.get(caller);
    const age = entry ? now() - entry.startedAt : 0;
    return entry && age >= 0 && age < WINDOW_MS ? entry : undefined;
  };
  return {
    blockedFor(caller) {
      const entry = current(caller);
      if (limit <= 0 || !entry || entry.count < limit) return undefined;
      return Math.max(1, Math.ceil((entry.startedAt + WINDOW_MS - now()) / 1000));
    },
    failed(caller) {
      const entry = current(caller);
      if (entry) {
        entry.count += 1;
        return;
      }
      callers.delete(caller);
      if (callers.size >= MAX_CALLERS) {
        const oldest = callers.keys().next();
        if (!oldest.done) callers.delete(oldest.value);
      }
      callers.set(caller, { startedAt: now(), count: 1 });
    },
  };
}
