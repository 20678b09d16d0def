/** An instant in epoch milliseconds as answers show it: ISO 8601, UTC, with milliseconds. */
export const iso = (epochMs: number): string => new Date(epochMs).toISOString();
export const isoOrNull = (epochMs: number | null): string | null =>
  epochMs === null ? null : iso(epochMs);
