import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Call, calls } from "../../bench/cost/calls.ts";
import { exampleCalls } from "../../bench/cost/examples.ts";
import { type Priced, price, priceCalls } from "../../bench/cost/measure.ts";
import { endpoints } from "../support/world.ts";

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

let priced: readonly Priced[];
beforeAll(async () => {
  priced = await priceCalls([...calls, ...exampleCalls], ROOT);
}, 120_000);

test("the README's table has what Firestore would bill for each call, and the price of a million", () => {
  expect(rows.length).toBeGreaterThan(10);
  const measured = rows.map(({ title }) => {
    const call = priced.find((one) => titleOf(one) === title);
    if (!call) throw new Error(`${title} is not priced`);
    const { reads, writes, deletes, aggregates } = call.billed;
    expect([title, aggregates]).toEqual([title, 0]);
    return {
      title,
      cells: [reads, writes, deletes, Number(price(call.billed, prices).toFixed(2))],
    };
  });
  expect(rows).toEqual(measured);
});

test("every function is priced", () => {
  const named = new Set(priced.map(({ name }) => name));
  expect([...endpoints.keys()].filter((name) => !named.has(name))).toEqual([]);
});

test("no call needs fewer documents than the smallest design that keeps its promises", () => {
  for (const call of priced) {
    const { reads, writes, deletes = 0 } = call.least;
    const { billed } = call;
    const enough = billed.reads >= reads && billed.writes + billed.deletes >= writes + deletes;
    expect([titleOf(call), enough]).toEqual([titleOf(call), true]);
  }
});

test("it names the prices that the benchmark computes with", () => {
  const { reads, writes, deletes } = prices.perHundredThousand;
  const shown = [reads, writes, deletes].map((amount: number) => amount.toFixed(2)).join(" / ");
  expect(readme).toContain(`US$ ${shown} per 100,000 reads, writes\nand deletes`);
});
