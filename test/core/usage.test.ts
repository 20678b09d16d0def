import { daysOf, inHour, NO_USAGE, usageSeries } from "../../functions/src/core/usage.ts";

const at = (text: string) => Date.parse(`${text}Z`);
const spread = { ...inHour(0, { apiCalls: 1 }), apiCalls: 3 };
const day = {
  ...spread,
  hours: { 0: { ...NO_USAGE, apiCalls: 1 }, 23: { ...NO_USAGE, apiCalls: 2 } },
};
const shown = (from: string, to: string, interval: "day" | "hour") => {
  const range = { from: at(from), to: at(to), interval };
  const days = daysOf(range).map((_, index) => (index === 1 ? undefined : day));
  const { series, totals } = usageSeries(days, range);
  const dates = series.map((one) => [new Date(one.at).toISOString().slice(0, 13), one.apiCalls]);
  return { dates, total: totals.apiCalls };
};

test("days are those that the range touches, also where nothing was counted", () => {
  expect(shown("2026-11-20T23:59:59", "2026-11-22T00:00:00", "day")).toEqual({
    dates: [
      ["2026-11-20T00", 3],
      ["2026-11-21T00", 0],
      ["2026-11-22T00", 3],
    ],
    total: 6,
  });
});

test("hours are those that the range touches, and the totals are theirs alone", () => {
  expect(shown("2026-11-20T22:30:00", "2026-11-21T01:00:00", "hour")).toEqual({
    dates: [
      ["2026-11-20T22", 0],
      ["2026-11-20T23", 2],
      ["2026-11-21T00", 0],
      ["2026-11-21T01", 0],
    ],
    total: 2,
  });
  expect(shown("2026-11-20T01:00:00", "2026-11-20T01:00:00", "hour")).toMatchObject({
    dates: [["2026-11-20T01", 0]],
  });
});
