import { readFileSync } from "node:fs";
import { nativeRefusals } from "../../functions/src/http/native-surface.ts";
import { problemStatus } from "../../functions/src/http/problem.ts";

const page = readFileSync("docs/errors.md", "utf8");
const listed = [...page.matchAll(/^\| `([A-Z_]+)` +\| ([\d, ]+) +\|/gm)].map(
  ([, code, statuses]) => [code, statuses?.split(",").map(Number)] as const,
);
const rows = new Map(listed);

test("docs/errors.md has one row for every code, with its status, and no other", () => {
  const codes = new Map<string, number>([
    ...Object.entries(nativeRefusals).map(([code, [status]]) => [code, status] as const),
    ...Object.entries(problemStatus),
  ]);
  expect(listed.map(([code]) => code).sort()).toEqual([...codes.keys()].sort());
  for (const [code, status] of codes)
    expect([code, rows.get(code)]).toEqual([code, expect.arrayContaining([status])]);
});
