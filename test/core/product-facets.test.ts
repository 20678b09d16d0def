import fc from "fast-check";
import { STANDINGS, standingAt, standingEnds } from "../../functions/src/core/licenses.ts";
import {
  isMeant,
  mayHoldKey,
  type ProductFilter,
  productFacetSought,
  productFacets,
} from "../../functions/src/core/product-facets.ts";
import type { License } from "../../functions/src/core/records.ts";
import { HOUR, license, NOW, OTHER_PRODUCT_ID, PRODUCT_ID } from "../support/records.ts";

const ANN = "e1e10000-0000-4000-8000-000000000001";
const text = fc.constantFrom(
  "",
  "a",
  "ab",
  "Ab-1 2",
  "abcdefgh",
  "ABCDEFGHIJ",
  "abcdefghijklmnopq",
);
const anyLicense = fc
  .record({
    productId: fc.constantFrom(PRODUCT_ID, OTHER_PRODUCT_ID),
    accountId: fc.constantFrom("one", "other"),
    status: fc.constantFrom("active", "degraded", "suspended", "revoked"),
    expiresAt: fc.constantFrom(null, NOW - HOUR, NOW, NOW + HOUR),
    graceMs: fc.constantFrom(0, 2 * HOUR),
    suspendsAt: fc.constantFrom(null, NOW - HOUR, NOW + HOUR),
    endUserId: fc.constantFrom(null, ANN),
    email: text,
    ownerName: fc.option(text),
    note: fc.option(text),
  })
  // Whoever revokes a license takes it from the rules that would suspend it.
  .map((one) => (one.status === "revoked" ? { ...one, suspendsAt: null } : one));
const within = fc.oneof(
  fc.record({
    productId: fc.constantFrom(PRODUCT_ID, OTHER_PRODUCT_ID),
    seesOwners: fc.boolean(),
  }),
  fc.record({ accountId: fc.constantFrom("one", "other"), seesOwners: fc.constant(true as const) }),
);
const anyFilter: fc.Arbitrary<ProductFilter> = fc
  .tuple(
    within,
    fc.record({
      standing: fc.constantFrom(undefined, ...STANDINGS),
      endUserId: fc.constantFrom(undefined, ANN),
      search: fc.option(text, { nil: undefined }),
    }),
  )
  .map(([whose, rest]) => ({ ...whose, ...rest }));

test("what is meant is found, and where the facet is exact nothing else", () => {
  fc.assert(
    fc.property(anyLicense, text, anyFilter, (changes, key, filter) => {
      const one = license(changes as Partial<License>);
      const { facet, exact } = productFacetSought(filter);
      const found = productFacets(one, key, NOW).includes(facet);
      const meant = isMeant(one, key, filter, NOW);
      if (meant) expect(found).toBe(true);
      if (exact) expect(found).toBe(meant);
    }),
    { numRuns: 5_000 },
  );
});

test("a standing holds until the time it is said to, and no longer", () => {
  fc.assert(
    fc.property(anyLicense, (changes) => {
      const one = license(changes as Partial<License>);
      const ends = standingEnds(one, NOW);
      const now = standingAt(one, NOW);
      expect(standingAt(one, (ends ?? NOW + 9 * HOUR) - 1)).toBe(now);
      if (ends !== null) expect(standingAt(one, ends)).not.toBe(now);
    }),
    { numRuns: 2_000 },
  );
});

test.each<[string, Partial<ProductFilter>, boolean]>([
  ["nothing", {}, true],
  ["a standing", { standing: "expired" }, true],
  ["a short search", { search: "GG-ABCD-EF", standing: "good" }, true],
  ["a long search", { search: "GG-ABCD-EFG" }, false],
  ["an owner", { endUserId: ANN, standing: "good" }, true],
  ["a search among an owner's", { endUserId: ANN, search: "a" }, false],
])("%s is counted without a look: %#", (_, more, exact) => {
  const whose = { productId: PRODUCT_ID, seesOwners: true };
  const sought = productFacetSought({ ...whose, ...(more as object) });
  expect(sought.exact).toBe(exact);
});

test("the facets that would tell of a key are known as such, and one license has not too many", () => {
  const long = "0123456789abcdefghijklmnopqrstuvwxyz";
  const full = license({
    email: `a${long}`,
    ownerName: `b${long}`,
    note: `c${long}`,
    endUserId: ANN,
  });
  const facets = productFacets(full, long, NOW);
  const ofKey = facets.filter((facet) => facet.includes("01234567"));
  expect(ofKey.length).toBeGreaterThan(0);
  expect(facets.filter(mayHoldKey).filter((facet) => ofKey.includes(facet))).toEqual(ofKey);
  expect(facets.length).toBeLessThanOrEqual(210);
});
