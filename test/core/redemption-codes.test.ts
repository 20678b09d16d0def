import fc from "fast-check";
import {
  CODE_STATUSES,
  codeFilter,
  codeStatus,
  decideCodeChange,
  decideReactivation,
  decideRedemption,
  foldCode,
  generateCode,
  hasRoom,
  type RedemptionCode,
  withExpiry,
} from "../../functions/src/core/redemption-codes.ts";
import { DAY, NOW, redemptionCode } from "../support/records.ts";

const past = NOW - 1;
const open = { enabled: true, expiresAt: null };
const disabled = { enabled: false, expiresAt: null };
const ended = { enabled: true, expiresAt: past };
const code = (state: RedemptionCode["state"], expiresAt: number | null = null) =>
  redemptionCode({ state, ...withExpiry({}, expiresAt) });

const codeOf = (decision: { ok: boolean; code: unknown }) =>
  decision.ok ? undefined : decision.code;

test.each([
  ["no code", undefined, disabled, "REDEMPTION_CODE_NOT_FOUND"],
  ["disabled, past its expiry", code("disabled", past), disabled, "REDEMPTION_CODE_DISABLED"],
  ["used, past its expiry", code("used", past), disabled, "REDEMPTION_CODE_USED"],
  ["past its expiry", code("unused", past), disabled, "REDEMPTION_CODE_EXPIRED"],
  ["past its product's", code("unused"), ended, "REDEMPTION_CODE_EXPIRED"],
  ["of a disabled product", code("unused"), disabled, "PRODUCT_DISABLED"],
  ["with its own expiry, of an ended product", code("unused", NOW + DAY), ended, "PRODUCT_EXPIRED"],
  ["at the instant of its expiry", code("unused", NOW), open, undefined],
  ["good", code("unused"), open, undefined],
])("redeeming a code: %s", (_, given, product, expected) => {
  expect(codeOf(decideRedemption(given, product, { by: "u", now: NOW }))).toBe(expected);
});

test.each([
  ["of a disabled product", undefined, disabled, "PRODUCT_DISABLED"],
  ["of an ended product", undefined, ended, "PRODUCT_EXPIRED"],
  ["no code", undefined, open, "REDEMPTION_CODE_NOT_FOUND"],
  ["unused, past its expiry", code("unused", past), open, "REDEMPTION_CODE_UNUSED"],
  ["disabled", code("disabled"), open, "REDEMPTION_CODE_UNUSED"],
  ["used, past its expiry", code("used", past), open, "REDEMPTION_CODE_EXPIRED"],
  ["used", code("used"), open, undefined],
])("reactivating a code: %s", (_, given, product, expected) => {
  expect(codeOf(decideReactivation(given, product, NOW))).toBe(expected);
});

test("a redemption notes when and by whom, a reactivation forgets both and keeps the expiry", () => {
  const fresh = code("unused", NOW + DAY);
  const used = decideRedemption(fresh, open, { by: "user-1", now: NOW });
  if (!used.ok) throw new Error(used.code);
  expect(used.code).toMatchObject({ state: "used", usedAt: NOW, usedBy: "user-1" });
  const again = decideReactivation(used.code, open, NOW);
  expect(again).toMatchObject({ code: fresh });
});

test("only an unused code is disabled, and enabling makes no used one unused", () => {
  expect(decideCodeChange(code("used"), { disabled: true })).toMatchObject({ ok: false });
  expect(decideCodeChange(code("used"), { disabled: false })).toMatchObject({
    code: { state: "used" },
  });
  expect(decideCodeChange(code("disabled"), { disabled: false })).toMatchObject({
    code: { state: "unused" },
  });
  expect(decideCodeChange(code("unused"), { disabled: true, expiresAt: null })).toMatchObject({
    code: { state: "disabled", endsLatest: 8.64e15, endsEarliest: 0 },
  });
});

test("the filter of a status holds for the codes of that status and no others", () => {
  const anyEnd = fc.option(fc.integer({ min: NOW - 2, max: NOW + 2 }));
  const anyState = fc.constantFrom("unused", "used", "disabled" as const);
  fc.assert(
    fc.property(anyState, anyEnd, anyEnd, (state, own, products) => {
      const one = code(state as RedemptionCode["state"], own);
      const product = { enabled: true, expiresAt: products };
      const holding = CODE_STATUSES.filter((status) => {
        const { state: states, end, range } = codeFilter(status, product, NOW);
        const above = one[end] >= (range.gte ?? 0);
        return states.includes(one.state) && above && one[end] < (range.lt ?? Infinity);
      });
      expect(holding).toEqual([codeStatus(one, product, NOW)]);
      expect(codeFilter(undefined, product, NOW).state).toContain(one.state);
    }),
  );
});

test("a part of a text is a part of it folded, in whatever case", () => {
  expect(foldCode("ABC-İΣß退款")).toBe("abc-İσß退款");
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "grapheme" }),
      (before, part, after) =>
        foldCode(before + part + after).includes(foldCode(part)) &&
        foldCode(foldCode(part)) === foldCode(part),
    ),
  );
});

test("a drawn code has its form and the alphabet without look-alikes", () => {
  const form = { prefix: "AB-", suffix: "!", length: 12 };
  const bytes = Uint8Array.from({ length: 32 }, (_, n) => n);
  expect(generateCode(form, bytes)).toBe("AB-23456789!");
  const all = generateCode({ prefix: "", suffix: "", length: 32 }, bytes);
  expect([...all].sort().join("")).toBe("23456789ABCDEFGHJKLMNPQRSTUVWXYZ");
  expect(hasRoom({ prefix: "", suffix: "", length: 8 }, 10_000)).toBe(true);
  expect(hasRoom({ prefix: "ABCDE", suffix: "", length: 8 }, 328)).toBe(false);
  expect(hasRoom({ prefix: "ABCDE", suffix: "FGHIJ", length: 8 }, 1)).toBe(false);
});
