import fc from "fast-check";
import { productHandle, slugCandidates } from "../../functions/src/core/products.ts";

const ID = "5f0c2c1e-0a1b-4c3d-8e5f-00000000000a";

test.each([
  ["Latch Tools", "latch-tools"],
  ["  Crème Brûlée 2.0!  ", "creme-brulee-2-0"],
  ["ﬁx--it", "fix-it"],
  ["Ｆｕｌｌ Width", "full-width"],
  ["日本語", "product"],
  ["---", "product"],
  ["", "product"],
  [`${"a".repeat(63)} b`, "a".repeat(63)],
])("the slug of %j is %j, or has the product's id behind it", (name, slug) => {
  expect(slugCandidates(name, ID)).toEqual([slug, `${slug}-5f0c2c1e`]);
});

test("any name makes a slug that stands in a URL", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (name) => {
      for (const slug of slugCandidates(name, ID)) {
        expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        expect(slug.length).toBeLessThanOrEqual(73);
      }
    }),
  );
});

test("a product without a handle is named after its id", () => {
  expect(productHandle(ID)).toBe("prod_5f0c2c1e0a1b");
});
