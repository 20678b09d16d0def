import { mimeTypeOf, rangeOf } from "../../functions/src/core/product-files.ts";

test.each<[string | undefined, number, unknown]>([
  [undefined, 10, "all"],
  ["bytes=0-", 10, { first: 0, last: 9 }],
  ["bytes=2-4", 10, { first: 2, last: 4 }],
  ["bytes = 2 - 4", 10, { first: 2, last: 4 }],
  ["bytes=9-99", 10, { first: 9, last: 9 }],
  ["bytes=-3", 10, { first: 7, last: 9 }],
  ["bytes=-99", 10, { first: 0, last: 9 }],
  ["bytes=10-", 10, undefined],
  ["bytes=-0", 10, undefined],
  ["bytes=0-", 0, undefined],
  ["bytes=4-2", 10, "all"],
  ["bytes=0-1,3-4", 10, "all"],
  ["bytes=-", 10, "all"],
  ["lines=0-1", 10, "all"],
  ["bytes=99999999999999999999-", 10, undefined],
])("the range %s of %i bytes", (header, size, range) =>
  expect(rangeOf(header, size)).toEqual(range),
);

const bytes = (text: string) => Uint8Array.from(text, (one) => one.charCodeAt(0));
test.each([
  ["a.zip", "PK\x03\x04rest", "application/zip"],
  ["renamed.txt", "PK\x03\x04rest", "application/zip"],
  ["a.tar", `${"\0".repeat(257)}ustar`, "application/x-tar"],
  ["notes.TXT", "hello", "text/plain"],
  ["notes.txt", "he\0llo", "application/octet-stream"],
  ["page.html", "<script>", "application/octet-stream"],
  ["image.svg", "<svg onload=x>", "application/octet-stream"],
  ["setup.exe", "MZ\x90", "application/octet-stream"],
  ["empty", "", "application/octet-stream"],
])("%s is told apart by what it begins with", (name, head, type) =>
  expect(mimeTypeOf(name, bytes(head))).toBe(type),
);
