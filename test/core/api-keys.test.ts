import { isActive, isUseDue } from "../../functions/src/core/api-keys.ts";
import { HOUR, NOW } from "../support/records.ts";

test.each([
  ["a key without an end", { revokedAt: null, expiresAt: null }, true],
  ["before its end", { revokedAt: null, expiresAt: NOW + 1 }, true],
  ["at its end", { revokedAt: null, expiresAt: NOW }, false],
  ["revoked", { revokedAt: NOW - 1, expiresAt: null }, false],
])("%s", (_, key, active) => {
  expect(isActive(key, NOW)).toBe(active);
});

test("a use is due when none was noted for an hour", () => {
  expect(isUseDue(null, NOW)).toBe(true);
  expect(isUseDue(NOW - HOUR, NOW)).toBe(true);
  expect(isUseDue(NOW - HOUR + 1, NOW)).toBe(false);
  expect(isUseDue(NOW + HOUR, NOW)).toBe(false);
});
