import fc from "fast-check";
import { normaliseDomain } from "../../functions/src/core/domains.ts";

test.each([
  ["example.com", "example.com"],
  [" Example.COM. ", "example.com"],
  ["https://user:secret@Example.com:8443/shop?a=b#c", "example.com"],
  ["ftp://example.com", "example.com"],
  ["example.com/wp-admin", "example.com"],
  ["example.com?x=/", "example.com"],
  ["www.example.com", "www.example.com"],
  ["BÜCHER.example", "bücher.example"],
  ["localhost:8080", "localhost"],
  ["[2001:DB8::1]:443", "[2001:db8::1]"],
  [`${"a".repeat(253)}`, "a".repeat(253)],
])("%s is %s", (given, domain) => expect(normaliseDomain(given)).toBe(domain));

test.each([
  "",
  " ",
  ".",
  "/path",
  "https://",
  "a b.example",
  "a:b",
  "2001:db8::1",
  "user@",
  "a\0.example",
  "a".repeat(254),
])("%j is none", (given) => expect(normaliseDomain(given)).toBeUndefined());

test("what was normalised stays as it is", () => {
  const part = fc.constantFrom(
    "https://",
    "a",
    "B.",
    "example",
    ".",
    ":80",
    "@",
    "/",
    "?",
    "[",
    "]",
    "ß",
    "İ",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(part).map((all) => all.join("")),
      ),
      (given) => {
        const domain = normaliseDomain(given);
        if (domain !== undefined) expect(normaliseDomain(domain)).toBe(domain);
      },
    ),
    { numRuns: 2_000 },
  );
});
