import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Call, calls } from "../../bench/cost/calls.ts";
import { price, priceCalls } from "../../bench/cost/measure.ts";

const ROOT = `${join(__dirname, "../..")}/`;
const readme = readFileSync(`${ROOT}README.md`, "utf8");
const prices = JSON.parse(readFileSync(`${ROOT}bench/prices.json`, "utf8"));

const titleOf = ({ name, what }: Call) => (what ? `\`${name}\`, ${what}` : `\`${name}\``);

/** Rows of the README's table: one may speak of several calls, as "`a`, `b`". */
const rows = [...readme.matchAll(/^\| (`.*?) +\| (\d+) +\| (\d+) +\| (\d+) +\| ([\d.]+) +\|$/gm)]
  .map(([, titles = "", ...cells]) => ({ titles, cells: cells.map(Number) }))
  .flatMap(({ titles, cells }) =>
    titles
      .split(/, (?=`)/)
      .map((title) => ({ title, cells: cells as [number, number, number, number] })),
  );

test("the README's table has what Firestore would bill for each call, and the price of a million", async () => {
  expect(rows.length).toBeGreaterThan(10);
  const named = rows.map(({ title }) => calls.find((call) => titleOf(call) === title));
  expect(rows.filter((_, index) => !named[index])).toEqual([]);
  const priced = await priceCalls(
    named.filter((call) => call !== undefined),
    ROOT,
  );
  const measured = priced.map((call) => {
    const { reads, writes, deletes, aggregates } = call.billed;
    expect([titleOf(call), aggregates]).toEqual([titleOf(call), 0]);
    const amount = Number(price(call.billed, prices).toFixed(2));
    return { title: titleOf(call), cells: [reads, writes, deletes, amount] };
  });
  expect(rows).toEqual(measured);
});

test("no call needs fewer documents than the smallest design that keeps its promises", async () => {
  for (const { least, billed, ...call } of await priceCalls(calls, ROOT)) {
    const { reads, writes, deletes = 0 } = least;
    expect([titleOf({ ...call, least }), billed.reads >= reads]).toEqual([expect.anything(), true]);
    expect(billed.writes + billed.deletes).toBeGreaterThanOrEqual(writes + deletes);
  }
});

test("it names the prices that the benchmark computes with", () => {
  const { reads, writes, deletes } = prices.perHundredThousand;
  const shown = [reads, writes, deletes].map((amount: number) => amount.toFixed(2)).join(" / ");
  expect(readme).toContain(`US$ ${shown} per 100,000 reads, writes\nand deletes`);
});
