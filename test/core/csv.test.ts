import fc from "fast-check";
import { csvRows } from "../../functions/src/core/csv.ts";

test.each<[string, string[][] | undefined]>([
  ["", []],
  [
    "a,b\r\nc,d\r\n",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  [
    "a,b\nc,d",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ["\uFEFFa", [["a"]]],
  ["a,,\r\n", [["a", "", ""]]],
  ["a,", [["a", ""]]],
  ['"a ""b"", c\r\nd",e', [['a "b", c\r\nd', "e"]]],
  ['""', [[""]]],
  ['"open', undefined],
  ['"a"b', undefined],
  ["a\rb", undefined],
])("%j", (text, rows) => expect(csvRows(text)).toEqual(rows));

test("what is quoted is read as it was written", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", "'", "é") });
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(rows, (written) => {
      const line = (cells: string[]) => cells.map((one) => `"${one.replaceAll('"', '""')}"`);
      const text = written.map((cells) => `${line(cells).join(",")}\r\n`).join("");
      expect(csvRows(text)).toEqual(written);
    }),
  );
});
