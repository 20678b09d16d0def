import { type Authorization, NEVER_AUTHORIZED } from "../../functions/src/core/authorizations.ts";
import { decideAuthorization } from "../../functions/src/core/authorize.ts";
import { DEFAULT_GROUPS, type PolicyGroups } from "../../functions/src/core/policies.ts";
import type { License } from "../../functions/src/core/records.ts";
import { decideBindingReset } from "../../functions/src/core/resets.ts";
import { sessionsEnded } from "../../functions/src/core/sessions.ts";
import {
  DAY,
  HOUR,
  license,
  MINUTE,
  NOW,
  OTHER_PRODUCT_ID,
  PRODUCT_ID,
} from "../support/records.ts";

type Ask = Parameters<typeof decideAuthorization>[0];

const geckoLicense = (changes: Partial<License> = {}) =>
  license({ slotsByPolicy: true, maxMachines: -1, ...changes });
const policy = (changes: Partial<PolicyGroups>): PolicyGroups => ({
  ...DEFAULT_GROUPS,
  ...changes,
});
const devices = (maxDistinct: number) => policy({ hwid: { mode: "limit", maxDistinct } });
const STICKY = policy({ hwid: { mode: "sticky", maxDistinct: null } });
const session = (sessionId: string) => ({
  id: `row-${sessionId}`,
  sessionId,
  deviceId: null,
  ip: "203.0.113.7",
  hwidHash: null,
});
const address = (valueHash: string, region = "ZZ") => ({ valueHash, region });

const decide = (held: License | undefined, ask: Partial<Ask> = {}) => {
  const decision = decideAuthorization({
    license: held,
    productId: PRODUCT_ID,
    policy: DEFAULT_GROUPS,
    hwidHash: "device-a",
    address: address("home"),
    session: null,
    blacklisted: {},
    perMinute: 20,
    dryRun: false,
    countedIn: undefined,
    now: NOW,
    ...ask,
  });
  if ("countFirst" in decision) throw new Error("its machines must be counted");
  return decision;
};

/** Asks one after the other, each of what the one before left; gives the answers' codes and what is left. */
function inTurn(held: License, asks: readonly Partial<Ask>[]) {
  let left = held;
  const answers = asks.map((ask) => {
    const decision = decide(left, ask);
    left = decision.changed ?? left;
    return decision.ok ? decision.remaining : decision.code;
  });
  return { answers, left };
}

const unlimited = { hwid: "unlimited", ip: "unlimited", concurrency: "unlimited" } as const;

describe("of several refusals the first in this order is given", () => {
  const authorization: Authorization = {
    ...NEVER_AUTHORIZED,
    hwids: [{ valueHash: "other", region: null, firstSeenAt: 1, lastSeenAt: NOW, revokedAt: null }],
    addresses: [
      { valueHash: "other", region: "DE", firstSeenAt: 1, lastSeenAt: NOW, revokedAt: null },
    ],
    sessions: [{ ...session("s"), startedAt: 1, lastSeenAt: NOW, revokedAt: null }],
  };
  const held = geckoLicense({ authorization, maxMachines: 1, machinesUsed: 1 });
  const ip = { ...DEFAULT_GROUPS.ip, mode: "sticky" } as const;
  const concurrency = { ...DEFAULT_GROUPS.concurrency, mode: "limit", maxActive: 1 } as const;
  const all = { ...policy({ ...STICKY, ip, concurrency }) };
  const expired = {
    expiresAt: NOW,
    expiresAfterDays: 1,
    fixedExpiresAt: NOW,
    activatedAt: NOW - DAY,
  };
  const blacklisted = { hwid: { reason: null }, ip: { reason: null } };
  const spent = { ...authorization, minute: { startedAt: NOW, count: 20 } };
  const { hwid: _, ...ipOnly } = blacklisted;
  const late = { ...expired, fixedExpiresAt: NOW + 1 };
  const mine = { hwidHash: "other" };
  const home = { ...mine, address: address("other") };
  const at = (changes: Partial<License>): License => ({ ...held, ...expired, ...changes });

  test.each<[string, License | undefined, Partial<Ask>]>([
    ["LICENSE_NOT_FOUND", undefined, { productId: OTHER_PRODUCT_ID, blacklisted }],
    [
      "RATE_LIMITED",
      at({ status: "revoked", authorization: spent }),
      { productId: OTHER_PRODUCT_ID, blacklisted },
    ],
    ["WRONG_PRODUCT", at({ status: "revoked" }), { productId: OTHER_PRODUCT_ID, blacklisted }],
    ["LICENSE_REVOKED", at({ status: "revoked" }), { blacklisted }],
    ["LICENSE_SUSPENDED", at({ status: "suspended" }), { blacklisted }],
    ["LICENSE_SUSPENDED", at({ suspendsAt: NOW }), { blacklisted }],
    ["HWID_BLACKLISTED", at({}), { blacklisted }],
    ["IP_BLACKLISTED", at({}), { blacklisted: ipOnly }],
    ["LICENSE_EXPIRED", at({}), {}],
    ["LICENSE_EXPIRED_RELATIVE", at(late), {}],
    ["HWID_MISMATCH", held, {}],
    ["IP_MISMATCH", held, mine],
    ["CONCURRENCY_LIMIT_EXCEEDED", held, { ...home, session: session("t") }],
  ])("%s", (code, found, ask) => {
    expect(decide(found, { policy: all, ...ask })).toMatchObject({ ok: false, code });
  });

  test("and then it is allowed", () => {
    const own = { ...home, session: session("s"), policy: all };
    expect(decide(held, own)).toMatchObject({
      ok: true,
      remaining: { hwid: 0, ip: 0, concurrency: 0 },
    });
  });
});

test("a blacklist's own reason goes with the refusal", () => {
  const refused = decide(geckoLicense(), { blacklisted: { hwid: { reason: "Chargeback" } } });
  expect(refused).toMatchObject({ code: "HWID_BLACKLISTED", why: "Chargeback" });
});

test("the first use begins the countdown and is told as such; the next is not", () => {
  const first = decide(geckoLicense({ expiresAfterDays: 30 }));
  expect(first).toMatchObject({
    ok: true,
    wasActivated: true,
    changed: { activatedAt: NOW, expiresAt: NOW + 30 * DAY },
  });
  const again = decide(first.changed, { now: NOW + DAY });
  expect(again).toMatchObject({
    wasActivated: false,
    license: { activatedAt: NOW, expiresAt: NOW + 30 * DAY },
  });
});

describe("the minute of a license", () => {
  test("holds 20 requests, allowed or not, and begins anew", () => {
    const twenty = Array.from({ length: 20 }, (_, n) => ({
      hwidHash: `device-${n % 2}`,
      policy: STICKY,
    }));
    const { answers, left } = inTurn(geckoLicense({ maxMachines: 1 }), [...twenty, {}]);
    expect(answers.slice(0, 20)).not.toContain("RATE_LIMITED");
    expect(answers[20]).toBe("RATE_LIMITED");
    expect(decide(left, { now: NOW + MINUTE - 1 })).toMatchObject({ retryAfterSeconds: 1 });
    expect(decide(left, { now: NOW + MINUTE }).ok).toBe(true);
  });

  test("is without end where the setting is 0", () => {
    expect(inTurn(geckoLicense(), Array(30).fill({ perMinute: 0 })).answers).not.toContain(
      "RATE_LIMITED",
    );
  });
});

describe("devices", () => {
  const asks = (names: readonly (string | null)[], group: PolicyGroups, now = NOW) =>
    names.map((hwidHash) => ({ hwidHash, policy: group, now }));

  test("sticky: the first owns the license", () => {
    const { answers, left } = inTurn(
      geckoLicense({ maxMachines: 1 }),
      asks(["a", "b", "a", null], STICKY),
    );
    expect(answers).toEqual([
      { ...unlimited, hwid: 0 },
      "HWID_MISMATCH",
      { ...unlimited, hwid: 0 },
      "HWID_REQUIRED",
    ]);
    expect(left.machinesUsed).toBe(1);
  });

  test("sticky: of those that were noted before, the first seen", () => {
    const { left } = inTurn(geckoLicense(), asks(["a", "b"], DEFAULT_GROUPS));
    const sized = { ...left, maxMachines: 1, machinesUsed: 2 };
    expect(inTurn(sized, asks(["b", "a"], STICKY)).answers).toEqual([
      "HWID_MISMATCH",
      { ...unlimited, hwid: 0 },
    ]);
  });

  test("limit: so many, each once", () => {
    const { answers } = inTurn(
      geckoLicense({ maxMachines: 2 }),
      asks(["a", "a", "b", "c", "b", null], devices(2)),
    );
    expect(answers).toEqual([
      { ...unlimited, hwid: 1 },
      { ...unlimited, hwid: 1 },
      { ...unlimited, hwid: 0 },
      "HWID_LIMIT_EXCEEDED",
      { ...unlimited, hwid: 0 },
      "HWID_REQUIRED",
    ]);
  });

  test("unlimited: the last 100 are noted, and who names none is not", () => {
    const names = Array.from({ length: 120 }, (_, n) => `device-${n}`);
    const many = names.map((hwidHash, n) => ({ hwidHash, now: NOW + n * MINUTE }));
    const { answers, left } = inTurn(geckoLicense(), [...many, { hwidHash: null }]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const noted = left.authorization?.hwids.map(({ valueHash }) => valueHash);
    expect(noted).toEqual(names.slice(20));
    expect(left.machinesUsed).toBe(0);
  });

  test("and machines share the slots of a license, whoever has them", () => {
    const three = geckoLicense({ maxMachines: 3, machinesUsed: 2 });
    const { answers, left } = inTurn(three, asks(["a", "b"], devices(3)));
    expect(answers).toEqual([{ ...unlimited, hwid: 0 }, "HWID_LIMIT_EXCEEDED"]);
    expect(left.machinesUsed).toBe(3);
    const owned = geckoLicense({ maxMachines: 1, machinesUsed: 1 });
    expect(decide(owned, { policy: STICKY })).toMatchObject({ code: "HWID_MISMATCH" });
  });

  test("of a natively made license have its slots, however unlimited the policy", () => {
    const { answers } = inTurn(
      license({ maxMachines: 2, machinesUsed: 1 }),
      asks([null, "a", "b", "a"], DEFAULT_GROUPS),
    );
    expect(answers).toEqual([
      { ...unlimited, hwid: 1 },
      { ...unlimited, hwid: 0 },
      "HWID_LIMIT_EXCEEDED",
      { ...unlimited, hwid: 0 },
    ]);
    const { answers: narrow } = inTurn(license({ maxMachines: 9 }), asks(["a", "b"], devices(1)));
    expect(narrow).toEqual([{ ...unlimited, hwid: 0 }, "HWID_LIMIT_EXCEEDED"]);
    for (const licenseType of ["site", "floating"] as const) {
      const open = license({ licenseType, maxMachines: 1, maxConcurrent: 1 });
      expect(inTurn(open, asks(["a", "b"], DEFAULT_GROUPS)).answers).toEqual([
        unlimited,
        unlimited,
      ]);
    }
  });
});

describe("the slots of a license that follow its policy", () => {
  test("are those of the policy that holds now", () => {
    const { left } = inTurn(geckoLicense({ maxMachines: 1 }), [{ policy: devices(3) }]);
    expect(left).toMatchObject({ maxMachines: 3, machinesUsed: 1 });
    expect(decide(left).changed).toMatchObject({ maxMachines: -1 });
  });

  test("are set for the first time once its machines are counted", () => {
    const held = decide(geckoLicense()).changed as License;
    const ask = { policy: devices(2), hwidHash: "device-b" };
    expect(() => decide(held, ask)).toThrow("counted");
    const counting = { ...held, countAhead: true, countEpoch: 1, machinesUsed: 1 };
    expect(() => decide(counting, { ...ask, countedIn: 0 })).toThrow("counted");
    expect(decide(counting, { ...ask, countedIn: 1 })).toMatchObject({
      remaining: { hwid: 0 },
      changed: { maxMachines: 2, machinesUsed: 2, countAhead: false },
    });
    // Also where nobody else gets in: it is not counted again.
    expect(decide({ ...counting, machinesUsed: 9 }, { ...ask, countedIn: 1 })).toMatchObject({
      code: "HWID_LIMIT_EXCEEDED",
      changed: { maxMachines: 2, machinesUsed: 9, countAhead: false },
    });
    const dry = decide(held, { ...ask, dryRun: true });
    expect(dry).toMatchObject({ ok: true, remaining: { hwid: 0 } });
    expect(dry.changed).toBeUndefined();
  });
});

describe("addresses", () => {
  const ipPolicy = (changes: Partial<PolicyGroups["ip"]>) =>
    policy({ ip: { ...DEFAULT_GROUPS.ip, ...changes } });
  const asks = (steps: readonly [name: string, day: number][], group: PolicyGroups) =>
    steps.map(([name, day]) => {
      const [valueHash = "", region] = name.split("@");
      return { address: address(valueHash, region), policy: group, now: NOW + day * DAY };
    });

  test("sticky: the first owns the license, however long ago", () => {
    const { answers } = inTurn(
      geckoLicense(),
      asks(
        [
          ["a", 0],
          ["b", 1],
          ["a", 100],
        ],
        ipPolicy({ mode: "sticky" }),
      ),
    );
    expect(answers).toEqual([{ ...unlimited, ip: 0 }, "IP_MISMATCH", { ...unlimited, ip: 0 }]);
  });

  test("limit: so many in the window", () => {
    const two = ipPolicy({ mode: "limit", maxDistinct: 2, windowDays: 7 });
    const steps: [string, number][] = [
      ["a", 0],
      ["b", 1],
      ["c", 1],
      ["a", 3],
      ["c", 7],
      ["c", 8],
      ["b", 8],
    ];
    expect(inTurn(geckoLicense(), asks(steps, two)).answers).toEqual([
      { ...unlimited, ip: 1 },
      { ...unlimited, ip: 0 },
      "IP_LIMIT_EXCEEDED",
      { ...unlimited, ip: 0 },
      "IP_LIMIT_EXCEEDED",
      { ...unlimited, ip: 0 },
      "IP_LIMIT_EXCEEDED",
    ]);
  });

  test("by region: countries count, and an unknown one is one", () => {
    const two = ipPolicy({ mode: "limit", maxDistinct: 2, limitType: "region" });
    const steps: [string, number][] = [
      ["a@DE", 0],
      ["b@DE", 0],
      ["c@ZZ", 0],
      ["d@ZZ", 0],
      ["e@FR", 0],
    ];
    expect(inTurn(geckoLicense(), asks(steps, two)).answers).toEqual([
      { ...unlimited, ip: 1 },
      { ...unlimited, ip: 1 },
      { ...unlimited, ip: 0 },
      { ...unlimited, ip: 0 },
      "IP_LIMIT_EXCEEDED",
    ]);
    const one = ipPolicy({ mode: "sticky", limitType: "region" });
    const roaming: [string, number][] = [
      ["a@DE", 0],
      ["b@DE", 0],
      ["c@FR", 0],
    ];
    expect(inTurn(geckoLicense(), asks(roaming, one)).answers[2]).toBe("IP_MISMATCH");
  });
});

describe("sessions", () => {
  const two = policy({
    concurrency: { mode: "limit", maxActive: 2, sessionTtlSeconds: 600 },
  });
  const asks = (steps: readonly [name: string | null, minute: number][], group = two) =>
    steps.map(([name, minute]) => ({
      session: name === null ? null : session(name),
      policy: group,
      now: NOW + minute * MINUTE,
    }));

  test("so many live at once; one that is alive never counts twice, one that is silent dies", () => {
    const steps: [string | null, number][] = [
      ["s", 0],
      ["t", 1],
      ["s", 2],
      ["u", 3],
      [null, 3],
      ["u", 11],
      ["t", 11],
      ["t", 12],
    ];
    expect(inTurn(geckoLicense(), asks(steps)).answers).toEqual([
      { ...unlimited, concurrency: 1 },
      { ...unlimited, concurrency: 0 },
      { ...unlimited, concurrency: 0 },
      "CONCURRENCY_LIMIT_EXCEEDED",
      "SESSION_REQUIRED",
      { ...unlimited, concurrency: 0 },
      "CONCURRENCY_LIMIT_EXCEEDED",
      { ...unlimited, concurrency: 0 },
    ]);
  });

  test.each(["revoked", "suspended"] as const)("end when the license becomes %s", (status) => {
    const { left } = inTurn(
      geckoLicense(),
      asks([
        ["s", 0],
        ["t", 0],
      ]),
    );
    const ended = sessionsEnded(left, { ...left, status, updatedAt: NOW });
    expect(ended.authorization?.sessions.map(({ revokedAt }) => revokedAt)).toEqual([NOW, NOW]);
    expect(sessionsEnded(ended, { ...ended, updatedAt: NOW + 1 })).toEqual({
      ...ended,
      updatedAt: NOW + 1,
    });
    const again: License = { ...ended, status: "active" };
    const steps: [string, number][] = [
      ["s", 0],
      ["u", 0],
      ["t", 24 * 60 - 1],
      ["t", 24 * 60],
    ];
    expect(inTurn(again, asks(steps, DEFAULT_GROUPS)).answers).toEqual([
      "SESSION_REVOKED",
      unlimited,
      "SESSION_REVOKED",
      unlimited,
    ]);
  });

  test("are 100 at most where nothing limits them", () => {
    const many = Array.from({ length: 120 }, (_, n): [string, number] => [`s${n}`, n / 100]);
    const steps = asks(many, DEFAULT_GROUPS).map((ask) => ({ ...ask, perMinute: 0 }));
    const { left } = inTurn(geckoLicense(), steps);
    const names = left.authorization?.sessions.map(({ sessionId }) => sessionId);
    expect(names).toEqual(many.slice(20).map(([name]) => name));
  });
});

describe("a reset", () => {
  const bound = inTurn(geckoLicense({ maxMachines: 2 }), [
    { hwidHash: "a", policy: devices(2), address: address("x") },
    { hwidHash: "b", policy: devices(2), address: address("y") },
  ]).left;
  const reset = (held: License, ask: { isCustomers?: boolean; now?: number } = {}) =>
    decideBindingReset({
      license: held,
      kind: "hwid",
      policy: policy({ hwidResets: { max: 2, cooldownHours: 24 } }),
      isCustomers: false,
      now: NOW,
      ...ask,
    });
  const kept = (held: License, ask: Parameters<typeof reset>[1] = {}) => {
    const decision = reset(held, ask);
    if (!decision.ok) throw new Error(decision.code);
    return decision;
  };

  test("forgets the devices and frees their slots, and leaves the addresses", () => {
    const decision = kept(bound);
    expect(decision).toMatchObject({
      cleared: 2,
      resets: { used: 1, max: 2, remaining: 1, nextAllowedAt: NOW + DAY },
      license: { machinesUsed: 0, authorization: { hwidResets: { count: 1, lastAt: NOW } } },
    });
    const { hwids, addresses } = decision.license.authorization ?? NEVER_AUTHORIZED;
    expect(hwids.map(({ revokedAt }) => revokedAt)).toEqual([NOW, NOW]);
    expect(addresses.map(({ revokedAt }) => revokedAt)).toEqual([null, null]);
    expect(decide(decision.license, { hwidHash: "c", policy: devices(2) })).toMatchObject({
      remaining: { hwid: 1 },
    });
  });

  test("of a vendor counts and is not limited; a customer's keeps to budget and pause", () => {
    const once = kept(bound, { isCustomers: true }).license;
    expect(reset(once, { isCustomers: true, now: NOW + HOUR })).toMatchObject({
      code: "RESET_LIMIT_REACHED",
      retryAfterSeconds: 23 * 3_600,
    });
    const twice = kept(once, { isCustomers: true, now: NOW + DAY }).license;
    const third = reset(twice, { isCustomers: true, now: NOW + 9 * DAY });
    expect(third).toMatchObject({ code: "RESET_LIMIT_REACHED", limit: 2 });
    expect(third).not.toHaveProperty("retryAfterSeconds");
    expect(kept(twice).resets).toEqual({ used: 3, max: 2, remaining: 0, nextAllowedAt: null });
  });

  test("keeps the last 20 forgotten bindings", () => {
    let held = geckoLicense();
    for (let n = 0; n < 30; n++)
      held = kept(decide(held, { hwidHash: `d${n}`, perMinute: 0 }).changed as License).license;
    const names = held.authorization?.hwids.map(({ valueHash }) => valueHash);
    expect(names).toEqual(Array.from({ length: 20 }, (_, n) => `d${n + 10}`));
  });
});
