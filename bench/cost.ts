// What a million calls cost in Firestore, beside what the smallest design would pay.
//
//   npm run bench:cost
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { calls } from "./cost/calls.ts";
import { exampleCalls } from "./cost/examples.ts";
import { price, priceCalls } from "./cost/measure.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const prices = JSON.parse(readFileSync(new URL("prices.json", import.meta.url), "utf8"));
const money = (amount: number) => amount.toFixed(2);
const counts = (one: { reads: number; writes: number; deletes?: number; aggregates?: number }) => [
  one.reads,
  one.writes,
  one.deletes ?? 0,
  one.aggregates ?? 0,
];

const all = [...calls, ...exampleCalls];
console.log(`${prices.service}: ${prices.currency} a million calls, without the CPU time.\n`);
console.log("| call | reads | writes | deletes | aggregates | US$ | least | US$ | why |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const { name, what, billed, least } of await priceCalls(all, root)) {
  const { why, ...smallest } = least;
  const shown = what ? `\`${name}\`, ${what}` : `\`${name}\``;
  const small = counts(smallest).slice(0, 3).join(" / ");
  const cells = [
    ...counts(billed),
    money(price(billed, prices)),
    small,
    money(price(smallest, prices)),
    why,
  ];
  console.log(`| ${shown} | ${cells.join(" | ")} |`);
}
