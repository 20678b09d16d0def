import { auditedChange } from "../../functions/src/core/audit.ts";
import { license } from "../support/records.ts";

test("an entry holds the fields that changed, as they were and as they are", () => {
  const before = license({ status: "active", updatedAt: 1 });
  const after = { ...before, status: "revoked" as const, updatedAt: 2 };
  expect(auditedChange(before, after)).toEqual({
    before: { status: "active" },
    after: { status: "revoked" },
  });
});

test("what is made has no before, what is deleted no after", () => {
  expect(auditedChange(null, { name: "x" })).toEqual({ before: null, after: { name: "x" } });
  expect(auditedChange({ name: "x" }, null)).toEqual({ before: { name: "x" }, after: null });
});

test("no field that holds a secret or stands for one is kept", () => {
  const secrets = { keyHash: "a", keySealed: "b", secretHash: "c", hmacSecret: "d", token: "e" };
  expect(auditedChange(null, { ...secrets, name: "x" }).after).toEqual({ name: "x" });
});
