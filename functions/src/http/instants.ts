/** An instant in epoch milliseconds as answers show it: ISO 8601, UTC, with milliseconds. */
export const iso = (epochMs: number): string => new Date(epochMs).toISOString();
export const isoOrNull = (epochMs: number | null): string | null =>
  epochMs === null ? null : iso(epochMs);

const LAST_MS = 8_640_000_000_000_000;
/** Whether it can be shown as an instant. */
export const isInstant = (value: unknown): value is number =>
  Number.isInteger(value) && Math.abs(Number(value)) <= LAST_MS;
