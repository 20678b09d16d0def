import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../bench/sim/storm.ts";

const ROOT = join(__dirname, "../..");
const RESULTS = join(ROOT, "bench/results");
const page = readFileSync(join(ROOT, "docs/performance.md"), "utf8");
const read = (file: string) => JSON.parse(readFileSync(join(RESULTS, file), "utf8"));

/** The cells of each row of the table with that first column. */
function rowsUnder(first: string): string[][] {
  const [, table = ""] = page.split(new RegExp(`^\\| ${first} .*\\n\\| ?-.*\\n`, "m"));
  const [rows = ""] = table.split(/^(?!\|)/m, 1);
  return rows
    .trim()
    .split("\n")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test("what is said of load is in the results that were kept", () => {
  const { results } = read("4-cores-node-24.json") as {
    results: Record<string, string | number>[];
  };
  const fields = "scenario workers connections requestsPerSecond p50Ms p99Ms reads writes";
  const measured = results.map((result) =>
    [...fields.split(" "), "cpuMicroseconds"].map((field) => String(result[field])),
  );
  const rows = rowsUnder("scenario");
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect(measured).toContainEqual(row);
});

test("what is said of the storm is what the simulation gave", () => {
  const { outcomes } = read("sim.json") as { outcomes: Record<string, Outcome> };
  const counts = (...values: number[]) => values.map((value) => value.toLocaleString("en-US"));
  const given = Object.entries(outcomes).map(([name, outcome]) => {
    const { granted, denied, unanswered, checkout, abortRate, busyAnswers, longestQueue } = outcome;
    const [service = "", concurrency, counter = ""] = name.split(", ");
    return [
      service.replace("latency only", "what latency allows"),
      concurrency,
      counter.replace("in ", ""),
      ...counts(granted, denied, unanswered),
      `${seconds(checkout.p50)} s`,
      `${seconds(checkout.p99)} s`,
      `${Math.round(abortRate * 1000) / 10} %`,
      ...counts(busyAnswers, longestQueue),
    ];
  });
  expect(rowsUnder("one document takes")).toEqual(given);
});

/** Three digits. */
const seconds = (ms: number) => (ms / 1000).toFixed(ms < 10_000 ? 2 : ms < 100_000 ? 1 : 0);
