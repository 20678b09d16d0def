import fc from "fast-check";
import { DEFAULT_GROUPS, policyOf, slotsOfPolicy } from "../../functions/src/core/policies.ts";
import { readPolicy } from "../../functions/src/core/read-policy.ts";

const limits = (groups: object) => ({ v: 1, limits: groups });
const none = { hwid: null, ip: null, concurrency: null, hwidResets: null, ipResets: null };

test("the policy of the reference is read whole", () => {
  const given = limits({
    hwid: { mode: "limit", maxDistinct: 3 },
    ip: { mode: "limit", maxDistinct: 5, windowDays: 30, limitType: "ip" },
    concurrency: { mode: "limit", maxActive: 2 },
    resetBudget: {
      hwid: { max: 3, cooldownHours: 24 },
      ip: { max: 5, cooldownHours: 12 },
    },
  });
  expect(readPolicy(given)).toEqual({
    ok: true,
    policy: {
      hwid: { mode: "limit", maxDistinct: 3 },
      ip: { mode: "limit", maxDistinct: 5, windowDays: 30, limitType: "ip" },
      concurrency: { mode: "limit", maxActive: 2, sessionTtlSeconds: 600 },
      hwidResets: { max: 3, cooldownHours: 24 },
      ipResets: { max: 5, cooldownHours: 12 },
    },
  });
});

test("what a group leaves out is the default, and a group that is left out is not set", () => {
  const given = { limits: { ip: { mode: "sticky" }, resetBudget: { ip: { max: 0 } }, other: 1 } };
  expect(readPolicy(given)).toEqual({
    ok: true,
    policy: {
      ...none,
      ip: { mode: "sticky", maxDistinct: null, windowDays: 30, limitType: "ip" },
      ipResets: { max: 0, cooldownHours: 24 },
    },
  });
});

const most = (group: string, name: string) =>
  [0, 1001, 1.5, "3", true].map((value) => [
    `limits.${group}.${name}`,
    limits({ [group]: { mode: "limit", [name]: value } }),
  ]);
test.each<[string, unknown]>([
  ["", 1],
  ["", []],
  ["v", { v: 2, limits: {} }],
  ["limits", { v: 1 }],
  ["limits", { v: 1, limits: [] }],
  ["limits.hwid", limits({ hwid: "sticky" })],
  ["limits.hwid.mode", limits({ hwid: {} })],
  ["limits.hwid.mode", limits({ hwid: { mode: "some" } })],
  ["limits.hwid.maxDistinct", limits({ hwid: { mode: "limit" } })],
  ...(most("hwid", "maxDistinct") as [string, unknown][]),
  ...(most("ip", "maxDistinct") as [string, unknown][]),
  ...(most("concurrency", "maxActive") as [string, unknown][]),
  ["limits.ip.windowDays", limits({ ip: { mode: "unlimited", windowDays: 366 } })],
  ["limits.ip.windowDays", limits({ ip: { mode: "unlimited", windowDays: 0 } })],
  ["limits.ip.limitType", limits({ ip: { mode: "unlimited", limitType: "planet" } })],
  ["limits.concurrency.mode", limits({ concurrency: { mode: "sticky" } })],
  ["limits.concurrency.maxActive", limits({ concurrency: { mode: "limit" } })],
  [
    "limits.concurrency.sessionTtlSeconds",
    limits({ concurrency: { mode: "unlimited", sessionTtlSeconds: 0 } }),
  ],
  ["limits.resetBudget", limits({ resetBudget: 3 })],
  ["limits.resetBudget.hwid.max", limits({ resetBudget: { hwid: { max: 1001 } } })],
  ["limits.resetBudget.ip.max", limits({ resetBudget: { ip: { max: -1 } } })],
  ["limits.resetBudget.ip.cooldownHours", limits({ resetBudget: { ip: { cooldownHours: 8761 } } })],
])("INVALID_POLICY names %s: %j", (field, given) => {
  expect(readPolicy(given)).toMatchObject({ ok: false, code: "INVALID_POLICY", field });
});

test("whatever is sent is read or refused", () => {
  fc.assert(fc.property(fc.jsonValue(), (given) => typeof readPolicy(given).ok === "boolean"));
});

test("an override replaces whole groups, and no other", () => {
  const hwid = { mode: "limit", maxDistinct: 3 } as const;
  const ip = { mode: "limit", maxDistinct: 2, windowDays: 7, limitType: "region" } as const;
  const sticky = { ...ip, mode: "sticky", windowDays: 30 } as const;
  const held = policyOf({ ...none, hwid, ip }, { ...none, ip: sticky });
  expect(held).toEqual({ ...DEFAULT_GROUPS, hwid, ip: sticky });
  expect(policyOf(null, null)).toEqual(DEFAULT_GROUPS);
});

test.each([
  ["unlimited", 3, -1],
  ["sticky", 3, 1],
  ["limit", 3, 3],
] as const)("%s gives the slots of its devices", (mode, maxDistinct, slots) => {
  expect(slotsOfPolicy({ mode, maxDistinct })).toBe(slots);
});
