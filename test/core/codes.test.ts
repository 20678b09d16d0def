import {
  benefitOf,
  canonicalCode,
  codeStanding,
  EVERY_PRODUCT,
  goodForProduct,
  trialEnd,
} from "../../functions/src/core/codes.ts";
import { saleRefusal } from "../../functions/src/core/products.ts";
import type { Code } from "../../functions/src/core/records.ts";
import { DAY, NOW, OTHER_PRODUCT_ID, PRODUCT_ID, variant } from "../support/records.ts";

const code = (changes: Partial<Code> = {}): Code => ({
  id: "code-id",
  accountId: "studio-one",
  kind: "trial",
  code: "Spring-K7X4",
  scope: PRODUCT_ID,
  productHandle: "prod_tools",
  trialDays: 14,
  percentOff: null,
  amountOff: null,
  currency: null,
  maxUses: null,
  usedCount: 0,
  expiresAt: null,
  active: true,
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
});

test.each(["SPRING-K7X4", " spring-k7x4\t", "Spring-K7x4", "ｓpring-K7X4"])(
  "%j is one code in every spelling",
  (given) => expect(canonicalCode(given)).toBe("SPRING-K7X4"),
);

test.each<[string, Partial<Code>, string | undefined]>([
  ["active and endless", {}, undefined],
  ["used up by its last use", { maxUses: 3, usedCount: 3 }, "CODE_USED_UP"],
  ["one use left", { maxUses: 3, usedCount: 2 }, undefined],
  ["a moment before its end", { expiresAt: NOW + 1 }, undefined],
  ["at its end", { expiresAt: NOW }, "CODE_EXPIRED"],
  ["disabled", { active: false }, "CODE_DISABLED"],
  [
    "everything at once",
    { active: false, expiresAt: 0, maxUses: 1, usedCount: 1 },
    "CODE_DISABLED",
  ],
])("a code that is %s", (_, changes, refusal) => {
  expect(codeStanding(code(changes), NOW)?.code).toBe(refusal);
});

test("a code is good for its product, or for every one", () => {
  expect(goodForProduct(code(), PRODUCT_ID)).toBe(true);
  expect(goodForProduct(code(), OTHER_PRODUCT_ID)).toBe(false);
  expect(goodForProduct(code({ scope: EVERY_PRODUCT }), OTHER_PRODUCT_ID)).toBe(true);
});

const none = { percentOff: null, amountOff: null, currency: null };
const euros = { amountOff: 9.99, currency: "EUR" };

test.each([
  ["nothing asked is a trial of 14 days", {}, { ...none, kind: "trial", trialDays: 14 }],
  ["days alone are a trial", { trialDays: 30 }, { ...none, kind: "trial", trialDays: 30 }],
  [
    "a discount has no days unless asked",
    { percentOff: 20 },
    { ...none, kind: "discount", percentOff: 20, trialDays: null },
  ],
  [
    "a discount may have days",
    { ...euros, trialDays: 7 },
    { ...none, ...euros, kind: "discount", trialDays: 7 },
  ],
])("%s", (_, asked, benefit) => expect(benefitOf(asked)).toEqual(benefit));

test("a new discount replaces the one before, days and discount change apart", () => {
  const percent = benefitOf({ percentOff: 20 });
  expect(benefitOf(euros, percent)).toEqual({ ...percent, ...euros, percentOff: null });
  expect(benefitOf({ percentOff: 5 }, benefitOf(euros))).toEqual({ ...percent, percentOff: 5 });
  expect(benefitOf({ trialDays: 3 }, percent)).toEqual({ ...percent, trialDays: 3 });
  expect(benefitOf({}, benefitOf(euros))).toEqual(benefitOf(euros));
});

test("a trial lasts its days", () => {
  expect(trialEnd(code({ trialDays: 3 }), NOW)).toBe(NOW + 3 * DAY);
});

test("what is archived or inactive sells nothing new", () => {
  expect(saleRefusal({ status: "live" })).toBeUndefined();
  expect(saleRefusal({ status: "unlisted" }, variant())).toBeUndefined();
  expect(saleRefusal({ status: "archived" }, variant())?.code).toBe("PRODUCT_ARCHIVED");
  expect(saleRefusal({ status: "live" }, variant({ active: false }))?.code).toBe(
    "VARIANT_INACTIVE",
  );
});
