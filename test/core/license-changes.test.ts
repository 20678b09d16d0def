import { decideUpdate, reinstated, revoked } from "../../functions/src/core/license-changes.ts";
import type { License } from "../../functions/src/core/records.ts";
import { DAY, license, NOW } from "../support/records.ts";

const ended = license({
  status: "revoked",
  disputeReason: "fraud",
  disputedAt: NOW,
  threatLevel: 4,
});
const update = (held: License, given: Parameters<typeof decideUpdate>[0]["update"]) =>
  decideUpdate({ license: held, update: given, countedIn: undefined, now: NOW });

test("revoking keeps the reason and the time, and revoking again the first ones", () => {
  const once = revoked(license(), "cancelled", NOW);
  expect(once).toEqual(license({ status: "revoked", disputeReason: "cancelled", disputedAt: NOW }));
  expect(revoked(once, "fraud", NOW + DAY)).toBe(once);
});

test.each([
  ended,
  license({ status: "suspended", threatLevel: 3 }),
  license({ status: "degraded", threatLevel: 2 }),
])("reinstating leaves nothing of what was: $status", (held) => {
  expect(reinstated(held, NOW)).toEqual(license());
  const good = reinstated(held, NOW);
  expect(reinstated(good, NOW)).toBe(good);
});

test.each<[License["status"], License, License]>([
  ["revoked", license(), license({ status: "revoked", disputeReason: "manual", disputedAt: NOW })],
  ["revoked", ended, ended],
  ["active", ended, license()],
  ["active", license({ threatLevel: 1 }), license()],
  ["suspended", license({ threatLevel: 1 }), license({ status: "suspended", threatLevel: 1 })],
  ["degraded", ended, license({ status: "degraded", threatLevel: 4 })],
])("status %s by hand", (status, held, after) => {
  expect(update(held, { status })).toEqual({ license: after, countFirst: false });
});

test("what is given is changed, and nothing that is not", () => {
  const given = {
    variant: "pro",
    maxMachines: 5,
    maxConcurrent: null,
    expiresAt: NOW + DAY,
    email: "b@example.com",
  };
  expect(update(license(), given).license).toEqual(license(given));
  const held = license({ expiresAt: NOW });
  expect(update(held, { expiresAt: undefined }).license).toBe(held);
  expect(update(held, { maxMachines: 2 }).license).toBe(held);
  expect(update(held, { expiresAt: null }).license).toEqual(license());
});

test("a first limit waits until the machines are counted, in this epoch and no other", () => {
  const open = license({ maxMachines: -1 });
  expect(update(open, { maxMachines: 3 })).toEqual({ license: open, countFirst: true });
  const ahead = license({ maxMachines: -1, countAhead: true, countEpoch: 2, machinesUsed: 7 });
  const set = (countedIn: number) =>
    decideUpdate({ license: ahead, update: { maxMachines: 3 }, countedIn, now: NOW });
  expect(set(1).countFirst).toBe(true);
  expect(set(2)).toEqual({
    license: license({ maxMachines: 3, countEpoch: 2, machinesUsed: 7 }),
    countFirst: false,
  });
});

test("lifting the limit ends a count under way, other changes leave it be", () => {
  const ahead = license({ maxMachines: -1, countAhead: true, countEpoch: 2 });
  expect(update(ahead, { email: "b@example.com" }).license.countAhead).toBe(true);
  expect(update(ahead, { maxMachines: -1 }).license.countAhead).toBe(false);
});

test("a site license has nothing to count", () => {
  const site = license({ licenseType: "site", maxMachines: -1 });
  expect(update(site, { maxMachines: 3 }).countFirst).toBe(false);
});
