import {
  DEFAULT_LIMITS,
  decideResolve,
  isWorthJudging,
  judge,
  suspendedWhenDue,
} from "../../functions/src/core/enforcement.ts";
import { reinstated } from "../../functions/src/core/license-changes.ts";
import { standing, statusAt, tokenExpiry } from "../../functions/src/core/licenses.ts";
import type { Activation, License, Violation } from "../../functions/src/core/records.ts";
import {
  calledFrom,
  countrySeen,
  machineAdded,
  machineTurnedAway,
  NOTHING_WATCHED,
} from "../../functions/src/core/watch.ts";
import { activation, caller, DAY, HOUR, license, NOW } from "../support/records.ts";

const many = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const since = (count: number, prefix: string) => ({ startedAt: NOW, seen: many(count, prefix) });
const watching = (watch: Partial<License["watch"]>, more: Partial<License> = {}) =>
  license({ watch: { ...NOTHING_WATCHED, ...watch }, ...more });

const countries = (count: number) => watching({ countries: since(count, "c") });
const machines = (count: number, more: Partial<License> = {}) =>
  watching({ newMachines: since(count, "m") }, more);
const turned = (count: number, seats = 2) =>
  watching(
    { turnedAway: since(count, "t") },
    { licenseType: "floating", maxConcurrent: seats, maxMachines: seats },
  );
const callers = (count: number): Activation => activation({ addresses: since(count, "a") });

const judged = (held: License, machine?: Activation, now = NOW) =>
  judge({ license: held, activation: machine }, DEFAULT_LIMITS, now);

describe("a rule notices what passes its limit, twice as badly past twice the limit", () => {
  test.each<[Violation["type"], License, Activation | undefined, number]>([
    ["country_spread", countries(6), undefined, 1],
    ["country_spread", countries(10), undefined, 1],
    ["country_spread", countries(11), undefined, 2],
    ["machine_churn", machines(11), undefined, 1],
    ["machine_churn", machines(21), undefined, 2],
    ["seat_demand", turned(5), undefined, 1],
    ["seat_demand", turned(9), undefined, 2],
    ["shared_fingerprint", license(), callers(41), 1],
    ["shared_fingerprint", license(), callers(81), 2],
  ])("%s", (type, held, machine, severity) => {
    const after = judged(held, machine);
    expect(after.violations).toEqual([
      { id: "v1", type, severity, detectedAt: NOW, resolvedAt: null, details: expect.anything() },
    ]);
    expect(after.threatLevel).toBe(severity);
  });

  test.each<[string, License, Activation | undefined]>([
    ["five countries", countries(5), undefined],
    ["five machines a slot", machines(10), undefined],
    ["two turned away for each seat", turned(4), undefined],
    ["forty networks", license(), callers(40)],
    ["many machines on a site license", machines(150, { licenseType: "site" }), undefined],
    ["many machines on an unlimited license", machines(150, { maxMachines: -1 }), undefined],
    ["more slots than can be told apart", machines(199, { maxMachines: 21 }), undefined],
  ])("%s are ordinary", (_, held, machine) => {
    expect(judged(held, machine)).toBe(held);
  });

  test("a rule that is off notices nothing", () => {
    const held = countries(50);
    const off = { ...DEFAULT_LIMITS, countriesPerDay: 0 };
    expect(judge({ license: held }, off, NOW)).toBe(held);
  });

  test("what was noticed is not noticed again, until it gets worse", () => {
    const first = judged(countries(6));
    expect(judged(first)).toBe(first);
    const worse = judged({ ...first, watch: countries(11).watch }, undefined, NOW + HOUR);
    expect(worse.violations).toMatchObject([{ id: "v1", severity: 2, detectedAt: NOW }]);
    expect(judged(worse)).toBe(worse);
  });
});

describe("threat levels and what they do", () => {
  const both = { ...countries(11), watch: { ...countries(11).watch, ...machines(21).watch } };
  const spreadAndChurn = watching({
    countries: since(11, "c"),
    newMachines: since(21, "m"),
  });

  test("level 1 leaves the license alone", () => {
    const after = judged(countries(6));
    expect(after).toMatchObject({ threatLevel: 1, status: "active", suspendsAt: null });
  });

  test("level 2 degrades: tokens live a day", () => {
    const after = judged(countries(11));
    expect(after).toMatchObject({ threatLevel: 2, status: "degraded", suspendsAt: null });
    expect(tokenExpiry(after, NOW)).toBe(NOW + DAY);
  });

  test("two kinds past their limits make level 2, past twice their limits level 3", () => {
    const mild = watching({ countries: since(6, "c"), newMachines: since(11, "m") });
    expect(judged(mild)).toMatchObject({ threatLevel: 2, status: "degraded" });
    expect(judged(spreadAndChurn)).toMatchObject({ threatLevel: 3, status: "degraded" });
    expect(both.watch.countries.seen).toHaveLength(0);
  });

  test("no single kind of signal reaches level 3, however loud", () => {
    for (const held of [countries(200), machines(200), turned(200)]) {
      expect(judged(held).threatLevel).toBe(2);
    }
    expect(judged(license(), callers(200)).threatLevel).toBe(2);
  });

  test("level 3 blocks 72 hours after it was reached, whoever writes it down", () => {
    const after = judged(spreadAndChurn);
    const block = NOW + 72 * HOUR;
    expect(after.suspendsAt).toBe(block);
    expect(standing(after, block - 1)).toBeUndefined();
    expect(statusAt(after, block - 1)).toBe("degraded");
    expect(standing(after, block)).toMatchObject({ code: "LICENSE_SUSPENDED" });
    expect(statusAt(after, block)).toBe("suspended");
    expect(tokenExpiry(after, block - HOUR)).toBe(block);
    expect(suspendedWhenDue(after, block - 1)).toBe(after);
    expect(suspendedWhenDue(after, block)).toMatchObject({ status: "suspended", suspendsAt: null });
  });

  test("a third signal does not start the 72 hours again", () => {
    const after = judged(spreadAndChurn);
    const later = judged(after, callers(81), NOW + HOUR);
    expect(later).toMatchObject({ threatLevel: 3, suspendsAt: after.suspendsAt });
  });

  test.each(["revoked", "suspended"] as const)("what is %s by hand stays so", (status) => {
    expect(judged({ ...countries(11), status })).toMatchObject({ status, suspendsAt: null });
  });
});

describe("resolving", () => {
  const level3 = judged(watching({ countries: since(11, "c"), newMachines: since(21, "m") }));
  const resolve = (held: License, violationIds?: string[], now = NOW + 1) =>
    decideResolve({ license: held, violationIds, now });

  test("some violations leave the level of the others; all of them leave none", () => {
    const some = resolve(level3, ["v1"]);
    expect(some).toMatchObject({
      resolvedCount: 1,
      license: { threatLevel: 2, status: "degraded", suspendsAt: null },
    });
    expect(resolve(level3)).toMatchObject({
      resolvedCount: 2,
      license: { threatLevel: 0, status: "active", suspendsAt: null, statusBeforeRules: null },
    });
  });

  test("frees a license that the rules suspended", () => {
    const blocked = suspendedWhenDue(level3, NOW + 72 * HOUR);
    expect(resolve(blocked)).toMatchObject({ license: { status: "active", threatLevel: 0 } });
    expect(resolve(blocked, ["v2"])).toMatchObject({ license: { status: "degraded" } });
  });

  test("goes back to the status that somebody had set before", () => {
    const before = judged({ ...countries(11), status: "degraded" });
    expect(resolve(before)).toMatchObject({ license: { status: "degraded", threatLevel: 0 } });
  });

  test("does not free what was suspended or revoked by hand", () => {
    for (const status of ["suspended", "revoked"] as const) {
      const held = { ...level3, status, statusBeforeRules: null, suspendsAt: null };
      expect(resolve(held)).toMatchObject({ resolvedCount: 2, license: { status } });
    }
  });

  test("an unknown id resolves nothing; a resolved one is fine", () => {
    expect(resolve(level3, ["v1", "v9"])).toMatchObject({ code: "VIOLATION_NOT_FOUND" });
    const once = resolve(level3, ["v1"]);
    if (!once.ok) throw new Error(once.code);
    expect(resolve(once.license, ["v1"])).toMatchObject({
      resolvedCount: 0,
      license: once.license,
    });
  });

  test("what was seen before does not count again, what is seen after does, under a new id", () => {
    const done = resolve(judged(license(), callers(81)));
    if (!done.ok) throw new Error(done.code);
    expect(judged(done.license, callers(200))).toBe(done.license);
    const next = activation({ addresses: { startedAt: NOW + DAY, seen: many(41, "b") } });
    expect(judged(done.license, next).violations).toMatchObject([{ id: "v1" }, { id: "v2" }]);
  });

  test("reinstating resolves everything, so that it does not block a second time", () => {
    const good = reinstated(level3, NOW + 1);
    expect(good).toMatchObject({ status: "active", threatLevel: 0, suspendsAt: null });
    expect(good.violations.every(({ resolvedAt }) => resolvedAt === NOW + 1)).toBe(true);
    expect(judged(good)).toBe(good);
  });

  test("a license keeps the last 20 resolved violations", () => {
    let held = license();
    for (let round = 1; round <= 30; round++) {
      const now = NOW + 2 * round * DAY;
      const watch = { ...NOTHING_WATCHED, countries: { startedAt: now, seen: many(6, "c") } };
      const done = resolve(judged({ ...held, watch }, undefined, now), undefined, now + 1);
      if (!done.ok) throw new Error(done.code);
      held = done.license;
    }
    expect(held.violations).toHaveLength(20);
    expect(held.violations.at(-1)?.id).toBe("v30");
  });
});

describe("what is watched", () => {
  test("each thing once in its window, and anew after it", () => {
    const once = countrySeen(license(), "CH", NOW);
    expect(countrySeen(once, "CH", NOW + DAY - 1)).toBe(once);
    expect(countrySeen(once, null, NOW)).toBe(once);
    expect(countrySeen(once, "DE", NOW + 1).watch.countries.seen).toEqual(["CH", "DE"]);
    expect(countrySeen(once, "DE", NOW + DAY).watch.countries.seen).toEqual(["DE"]);
  });

  test("an activation keeps every country it was seen in, and the last", () => {
    const swiss = calledFrom(activation(), { ...caller, country: "CH" }, NOW);
    const german = calledFrom(swiss, { ...caller, country: "DE" }, NOW + 9 * DAY);
    expect(german).toMatchObject({ countries: ["CH", "DE"], lastCountry: "DE" });
    expect(calledFrom(german, caller, NOW)).toMatchObject({ lastCountry: "DE" });
  });

  test("a record cannot grow without end", () => {
    let held = license();
    for (const name of many(500, "x")) held = machineAdded(held, name, NOW);
    expect(held.watch.newMachines.seen).toHaveLength(200);
    for (const name of many(500, "x")) held = machineTurnedAway(held, name, NOW);
    expect(held.watch.turnedAway.seen).toHaveLength(200);
  });

  test("only what grew, and past the least limit there is, is worth a look", () => {
    const [three, two] = [countries(3), countries(2)];
    expect(isWorthJudging({ license: two }, { license: three })).toBe(true);
    expect(isWorthJudging({ license: three }, { license: three })).toBe(false);
    expect(isWorthJudging({ license: countries(1) }, { license: two })).toBe(false);
  });
});
