import {
  type EventType,
  expiredEvent,
  licenseEvents,
  machineEvent,
} from "../../functions/src/core/events.ts";
import { expiryToTell } from "../../functions/src/core/licenses.ts";
import type { License, Violation } from "../../functions/src/core/records.ts";
import { activation, DAY, license, NOW } from "../support/records.ts";

const violation = (more: Partial<Violation> = {}): Violation => ({
  id: "v1",
  type: "country_spread",
  severity: 1,
  detectedAt: NOW,
  resolvedAt: null,
  details: { count: 6 },
  ...more,
});

test.each<[string, Partial<License>, Partial<License>, EventType[]]>([
  ["nothing", {}, {}, []],
  ["counters", {}, { machinesUsed: 1, updatedAt: NOW + 1 }, []],
  ["an end", {}, { status: "revoked", disputeReason: "refund" }, ["license.revoked"]],
  ["a freeze", {}, { status: "suspended" }, ["license.suspended"]],
  ["a thaw", { status: "suspended" }, { status: "active" }, ["license.reinstated"]],
  ["a return", { status: "revoked" }, { status: "active" }, ["license.reinstated"]],
  ["a warning", {}, { status: "degraded" }, ["license.updated"]],
  ["another key", {}, { keyHash: "other" }, ["license.key_rotated"]],
  ["another owner", {}, { email: "b@example.com" }, ["license.transferred"]],
  ["more time", { expiresAt: NOW }, { expiresAt: NOW + DAY }, ["license.extended"]],
  ["no end any more", { expiresAt: NOW }, { expiresAt: null }, ["license.extended"]],
  ["less time", { expiresAt: NOW }, { expiresAt: NOW - DAY }, ["license.updated"]],
  ["an end at all", {}, { expiresAt: NOW }, ["license.updated"]],
  [
    "more time and machines",
    { expiresAt: NOW },
    { expiresAt: NOW + DAY, maxMachines: 5 },
    ["license.extended", "license.updated"],
  ],
  ["a violation", {}, { violations: [violation()] }, ["violation.detected"]],
  ["a known one", { violations: [violation()] }, { violations: [violation()] }, []],
  [
    "a worse one",
    { violations: [violation()] },
    { violations: [violation({ severity: 2 })] },
    ["violation.detected"],
  ],
  [
    "a resolved one",
    { violations: [violation()] },
    { violations: [violation({ resolvedAt: NOW })] },
    [],
  ],
])("%s is told as it is", (_, before, after, types) => {
  const events = licenseEvents(license(before), license({ ...before, ...after }));
  expect(events.map(({ type }) => type)).toEqual(types);
});

test("a new license is one event, whatever its terms", () => {
  const made = license({ status: "revoked", violations: [violation()] });
  expect(licenseEvents(null, made)).toMatchObject([
    { type: "license.created", licenseId: made.id },
  ]);
});

test("events name license and machine, and nothing that opens them", () => {
  const made = license();
  const events = [
    ...licenseEvents(null, made),
    machineEvent("license.activated", { license: made, activation: activation() }),
  ];
  for (const { data } of events) {
    expect(Object.keys(data)).toEqual(expect.arrayContaining(["licenseId", "productId"]));
    expect(JSON.stringify(data)).not.toMatch(/key-hash|sealed/);
  }
});

test.each<[string, Partial<License> | null, Partial<License>, number | null]>([
  ["a new one tells", null, { expiresAt: NOW + DAY }, NOW + DAY],
  ["a perpetual one does not", null, {}, null],
  ["one that was over before it came does not", null, { expiresAt: NOW - DAY }, null],
  ["told stays told", { expiresAt: NOW }, {}, null],
  ["untold stays untold", { expiresAt: NOW, tellExpiryAt: NOW }, { status: "revoked" }, NOW],
  ["another date is told anew", { expiresAt: NOW }, { expiresAt: NOW + DAY }, NOW + DAY],
  ["none is not told", { expiresAt: NOW, tellExpiryAt: NOW }, { expiresAt: null }, null],
])("of expiries %s", (_, before, after, told) => {
  const was = before && license(before);
  expect(expiryToTell(was, license({ ...before, ...after }))).toBe(told);
});

test("an expiry says how long grace goes on", () => {
  expect(expiredEvent(license({ expiresAt: NOW })).data).toMatchObject({ graceEndsAt: null });
  expect(expiredEvent(license({ expiresAt: NOW, graceMs: DAY })).data).toMatchObject({
    graceEndsAt: new Date(NOW + DAY).toISOString(),
  });
});
