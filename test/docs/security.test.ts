import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "../..");
const document = readFileSync(join(root, "docs/security.md"), "utf8");
const LISTED = /^(\d+)\. `(test\/[\w/.-]+)`: (.+)$/gm;
const listed = [...document.matchAll(LISTED)].map(([, number, file, name]) => ({
  number: Number(number),
  file: String(file),
  name: String(name),
}));
const named = new Set(
  [...document.matchAll(/\[(\d+)\](?!\()/g)].map(([, number]) => Number(number)),
);

test.each(listed)("$number is a test of $file: $name", ({ file, name }) => {
  const source = readFileSync(join(root, file), "utf8");
  const title = JSON.stringify(name).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  expect(source).toMatch(new RegExp(`(\\btest|\\))\\(\\s*${title}`));
});

test("the list is numbered in order, and the tables name each of it and nothing else", () => {
  expect(listed.length).toBeGreaterThan(50);
  expect(listed.map(({ number }) => number)).toEqual(listed.map((_, index) => index + 1));
  expect([...named].toSorted((a, b) => a - b)).toEqual(listed.map(({ number }) => number));
});
