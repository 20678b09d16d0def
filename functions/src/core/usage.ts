const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** What is counted of a product's clients and licenses. */
export type Usage = {
  /** Answered client requests about a known license. */
  readonly checks: number;
  /** Those of them that were refused. */
  readonly denials: number;
  readonly licensesCreated: number;
  /** Licenses used for the first time. */
  readonly licensesActivated: number;
  readonly authorizations: number;
  /** Authorizations that were refused, of unknown keys too. */
  readonly refusals: number;
  /** The same by their reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Requests with an API key of the product. */
  readonly apiCalls: number;
};

/** A day's usage, and how it is spread over its hours (UTC, from 0 on). */
export type DayUsage = Usage & { readonly hours: Readonly<Record<string, Usage>> };

const COUNTS = [
  "checks",
  "denials",
  "licensesCreated",
  "licensesActivated",
  "authorizations",
  "refusals",
  "apiCalls",
] as const;

export const NO_USAGE: Usage = {
  checks: 0,
  denials: 0,
  licensesCreated: 0,
  licensesActivated: 0,
  authorizations: 0,
  refusals: 0,
  reasons: {},
  apiCalls: 0,
};

function addUsage(one: Usage, other: Partial<Usage>): Usage {
  const sums = COUNTS.map((name) => [name, one[name] + (other[name] ?? 0)] as const);
  return {
    ...(Object.fromEntries(sums) as Omit<Usage, "reasons">),
    reasons: added(one.reasons, other.reasons ?? {}, (a, b) => a + b, 0),
  };
}

export const addDays = (one: DayUsage, other: DayUsage): DayUsage => ({
  ...addUsage(one, other),
  hours: added(one.hours, other.hours, addUsage, NO_USAGE),
});

export const NO_DAY: DayUsage = { ...NO_USAGE, hours: {} };

/** What was counted within an hour, as a day. */
export const inHour = (hour: number, usage: Partial<Usage>): DayUsage => {
  const whole = addUsage(NO_USAGE, usage);
  return { ...whole, hours: { [hour]: whole } };
};

function added<T>(
  one: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
  add: (a: T, b: T) => T,
  none: T,
): Record<string, T> {
  const sums = { ...one };
  for (const [name, value] of Object.entries(other)) sums[name] = add(sums[name] ?? none, value);
  return sums;
}

/** The day of an instant (UTC), in whole days since 1970. */
export const dayOf = (now: number): number => Math.floor(now / DAY_MS);

/** The hour of its day (UTC). */
export const hourOf = (now: number): number => Math.floor((now % DAY_MS) / HOUR_MS);

export const INTERVALS = ["day", "hour"] as const;
export type Interval = (typeof INTERVALS)[number];

/** The longest ranges a series may have; its days are read one by one. */
export const LONGEST_SERIES_MS = { day: 366 * DAY_MS, hour: 31 * DAY_MS } as const;

export type UsageSeries = {
  readonly totals: Usage;
  /** Oldest first; `at` is when the day or hour begins. */
  readonly series: readonly (Usage & { readonly at: number })[];
};

/** The days or hours that a range touches, both ends included; `days` are those of `daysOf` it. */
export function usageSeries(
  days: readonly (DayUsage | undefined)[],
  { from, to, interval }: { from: number; to: number; interval: Interval },
): UsageSeries {
  const first = dayOf(from);
  const step = interval === "day" ? DAY_MS : HOUR_MS;
  const series = days.flatMap((day = NO_DAY, index) => {
    const midnight = (first + index) * DAY_MS;
    if (interval === "day") return [{ ...addUsage(NO_USAGE, day), at: midnight }];
    return Array.from({ length: 24 }, (_, hour) => ({
      ...(day.hours[hour] ?? NO_USAGE),
      at: midnight + hour * HOUR_MS,
    }));
  });
  const shown = series.filter(({ at }) => at + step > from && at <= to);
  return { totals: shown.reduce(addUsage, NO_USAGE), series: shown };
}

/** The days that a range touches. */
export const daysOf = ({ from, to }: { from: number; to: number }): number[] =>
  Array.from({ length: dayOf(to) - dayOf(from) + 1 }, (_, index) => dayOf(from) + index);
