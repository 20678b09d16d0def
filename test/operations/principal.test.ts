import { hasScope, mayReach, type Principal } from "../../functions/src/operations/principal.ts";

const administrator: Principal = { kind: "administrator" };
const whole: Principal = {
  kind: "account",
  accountId: "a",
  keyId: "k",
  scopes: null,
  productIds: null,
};
const bound: Principal = { ...whole, scopes: ["licenses:read"], productIds: ["p"] };

test.each([
  ["the administrator", administrator, [true, true, true, true]],
  ["a key of the account", whole, [true, true, true, false]],
  ["a key of one product", bound, [true, false, false, false]],
])("%s reaches its product, another, what has none, another account's", (_, who, expected) => {
  const things = [["a", "p"], ["a", "q"], ["a"], ["b", "p"]] as const;
  expect(things.map(([accountId, productId]) => mayReach(who, accountId, productId))).toEqual(
    expected,
  );
});

test("a key without a list has every scope, a key with one has those", () => {
  expect(hasScope(whole, "audit:read")).toBe(true);
  expect(hasScope(bound, "licenses:read")).toBe(true);
  expect(hasScope(bound, "licenses:write")).toBe(false);
  expect(hasScope(administrator, "licenses:write")).toBe(true);
});
