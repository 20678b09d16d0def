import fc from "fast-check";
import { facetsOf, facetsSought, matches } from "../../functions/src/core/license-facets.ts";
import { license } from "../support/records.ts";

const KEY = "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD";
const accounts = fc.constantFrom("one", "two");
const products = fc.constantFrom("p1", "p2");
const emails = fc.constantFrom(
  "artist@example.com",
  "art@example.com",
  "7k3@example.com",
  "b@c.de",
);
const variants = fc.constantFrom("indie", "Pro");
const traits = {
  status: fc.constantFrom("active" as const, "revoked" as const),
  licenseType: fc.constantFrom("site" as const, "floating" as const),
};
const search = fc.oneof(
  emails.chain((email) => fc.nat(email.length).map((end) => email.slice(0, Math.max(3, end)))),
  fc.nat(KEY.length).map((end) => KEY.slice(0, Math.max(3, end))),
  fc.constantFrom("7K3", "7k3qz", "7k3qzm9", "a-b", "ART", "zzz"),
);

test("a license that a filter means is filed under one of the facets it looks under", () => {
  fc.assert(
    fc.property(
      fc.record({
        accountId: accounts,
        productId: products,
        email: emails,
        variant: variants,
        ...traits,
      }),
      fc.record(
        {
          accountId: accounts,
          productIds: fc.uniqueArray(products),
          email: emails,
          variant: variants,
          search,
          ...traits,
        },
        { requiredKeys: [] },
      ),
      (fields, filter) => {
        const record = license(fields);
        const sought = facetsSought(filter);
        if (!matches(record, KEY, filter)) return;
        expect(facetsOf(record, KEY).filter((facet) => sought.includes(facet))).not.toEqual([]);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("facets are few, distinct, and none of another account", () => {
  const facets = facetsOf(license({ accountId: "one" }), KEY);
  expect(new Set(facets).size).toBe(facets.length);
  expect(facets.length).toBeLessThanOrEqual(58);
  const other = facetsOf(license({ accountId: "two", productId: "p2" }), KEY);
  const shared = facets.filter((facet) => other.includes(facet));
  expect(shared.every((facet) => facet.includes('"all"'))).toBe(true);
});

test.each([
  ["7K3QZ-M9", true],
  ["7k3qz m9x", true],
  ["7K3QZM9", true],
  ["artist@ex", true],
  ["ARTIST", true],
  ["rtist", false],
  ["M9X2C", false],
  ["7K3QZ-M8", false],
])("searching %j: %j", (text, found) => {
  expect(matches(license({ email: "artist@example.com" }), KEY, { search: text })).toBe(found);
});

test("a key of another shape is found by its beginning", () => {
  const foreign = "9f0c1b2e-77aa-4d1e-9b1c-000000000000";
  for (const text of ["9f0", "9f0c1b2e-77", "9F0C1B2E"]) {
    const sought = facetsSought({ search: text });
    expect(facetsOf(license(), foreign).some((facet) => sought.includes(facet))).toBe(true);
    expect(matches(license(), foreign, { search: text })).toBe(true);
  }
});
