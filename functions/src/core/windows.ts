/** Callers that race, and clocks that are not quite the same, may be this far behind a window. */
const SKEW_MS = 60_000;

/** Whether a window that began then is still open; one from a clock that stepped back is not. */
export function isOpen(startedAt: number, windowMs: number, now: number): boolean {
  const elapsed = now - startedAt;
  return elapsed >= -SKEW_MS && elapsed < windowMs;
}
