import { decideActivation, decideDeactivation } from "../../functions/src/core/activations.ts";
import type { Activation, License } from "../../functions/src/core/records.ts";
import { decideCheckIn, decideSeatReturn, reclaimSeats } from "../../functions/src/core/seats.ts";
import { activation, caller, HOUR, license, MINUTE, NOW, settings } from "../support/records.ts";

const SEAT_END = NOW + settings.seatTtlMs;
const spent = { startedAt: NOW, count: 15 };

/** The machine `a`, or the one of the given activation, asks to activate. */
const activate = (
  held: License | undefined,
  known?: Activation,
  { now = NOW, productId = "prod_tools", hostname = "host-a" } = {},
) =>
  decideActivation({
    license: held,
    activation: known,
    activationId: "activation-a",
    machine: { fingerprint: "fp-a", hostname },
    productId,
    caller,
    now,
    settings,
  });

const floating = (changes: Partial<License> = {}) =>
  license({ licenseType: "floating", maxConcurrent: 2, ...changes });
const seated = (changes: Partial<Activation> = {}) =>
  activation({ seatExpiresAt: SEAT_END, ...changes });

describe("of several refusals the first in this order is given", () => {
  const full = { machinesUsed: 2 };
  const wrongProduct = "prod_other";
  const over = { ...full, expiresAt: NOW };
  const { attempts } = license({ attempts: spent });
  test.each<[string, License | undefined, string]>([
    ["LICENSE_NOT_FOUND", undefined, wrongProduct],
    ["RATE_LIMITED", license({ ...over, status: "revoked", attempts }), wrongProduct],
    ["LICENSE_REVOKED", license({ ...over, status: "revoked" }), wrongProduct],
    ["LICENSE_SUSPENDED", license({ ...over, status: "suspended" }), wrongProduct],
    ["LICENSE_EXPIRED", license(over), wrongProduct],
    ["WRONG_PRODUCT", license(full), wrongProduct],
    ["MACHINE_LIMIT_REACHED", license(full), "prod_tools"],
  ])("%s", (code, held, productId) => {
    expect(activate(held, undefined, { productId })).toMatchObject({ ok: false, code });
  });
});

describe("a per-machine license", () => {
  test("gives a new machine a slot and counts the attempt", () => {
    const given = activate(license());
    const after = license({
      machinesUsed: 1,
      activatedAt: NOW,
      attempts: { startedAt: NOW, count: 1 },
      watch: { ...license().watch, newMachines: { startedAt: NOW, seen: ["activati"] } },
    });
    expect(given).toEqual({
      ok: true,
      license: after,
      activation: activation(),
      changed: { license: after, activation: activation() },
    });
  });

  test("costs the same machine no second slot, even when it is full", () => {
    const now = NOW + HOUR;
    const given = activate(license({ machinesUsed: 2 }), activation(), { now, hostname: "new" });
    expect(given).toMatchObject({
      ok: true,
      license: { machinesUsed: 2 },
      activation: activation({ hostname: "new", lastSeen: now }),
    });
  });

  test("refuses one machine more than it has slots, and says how many it has", () => {
    expect(activate(license({ machinesUsed: 2 }))).toMatchObject({
      code: "MACHINE_LIMIT_REACHED",
      limit: 2,
    });
    expect(activate(license({ machinesUsed: 1 })).ok).toBe(true);
  });

  test.each<[string, Partial<License>, string, Activation | undefined]>([
    ["a new machine on a revoked license", { status: "revoked" }, "prod_tools", undefined],
    ["a known machine on an expired license", { expiresAt: NOW }, "prod_tools", activation()],
    ["a known machine for the wrong product", {}, "prod_other", activation()],
    ["a new machine on a full license", { machinesUsed: 2 }, "prod_tools", undefined],
  ])("counts a refused attempt and changes nothing else: %s", (_, changes, productId, known) => {
    const held = license(changes);
    const refused = activate(held, known, { productId });
    expect(refused.ok).toBe(false);
    expect(refused.changed).toEqual({
      license: { ...held, attempts: { startedAt: NOW, count: 1 } },
    });
  });

  test("changes nothing when the attempts are spent", () => {
    expect(activate(license({ attempts: spent }), activation(), { now: NOW + MINUTE })).toEqual({
      ok: false,
      code: "RATE_LIMITED",
      retryAfterSeconds: 3540,
      changed: {},
    });
  });

  test("with many slots has attempts for all of them", () => {
    const big = license({ maxMachines: 6, attempts: { startedAt: NOW, count: 17 } });
    expect(activate(big).ok).toBe(true);
    expect(activate({ ...big, attempts: { startedAt: NOW, count: 18 } }).ok).toBe(false);
  });

  test("gets the slot back, whatever its standing", () => {
    for (const status of ["active", "suspended", "revoked"] as const) {
      const held = license({ status, machinesUsed: 2, expiresAt: NOW });
      expect(decideDeactivation({ license: held, activation: activation() })).toEqual({
        ok: true,
        license: { ...held, machinesUsed: 1 },
        activation: activation(),
      });
    }
  });
});

describe.each<[string, License]>([
  ["a site license", license({ licenseType: "site", maxMachines: 3, activatedAt: NOW })],
  ["an unlimited license", license({ maxMachines: -1, activatedAt: NOW })],
  ["an unlimited pool", license({ licenseType: "floating", maxConcurrent: -1, activatedAt: NOW })],
])("%s", (_, unlimited) => {
  test("keeps no counter: an accepted machine, after the first, leaves the license alone", () => {
    const given = activate(unlimited);
    expect(given.ok).toBe(true);
    expect(given.changed.license).toBeUndefined();
    expect(given.changed.activation?.attempts).toEqual({ startedAt: NOW, count: 1 });
    // The very same license: a writer takes another one for a change, and this document is hot.
    const left = decideDeactivation({ license: unlimited, activation: seated() });
    const reclaimed = reclaimSeats({
      license: unlimited,
      activations: [seated()],
      now: SEAT_END,
    });
    expect(left.ok && left.license).toBe(unlimited);
    expect(reclaimed.license).toBe(unlimited);
  });

  test("counts attempts per machine, refused ones too", () => {
    const known = activation({ attempts: { startedAt: NOW, count: 14 } });
    const refused = activate(unlimited, known, { productId: "prod_other" });
    expect(refused).toMatchObject({ code: "WRONG_PRODUCT" });
    expect(refused.changed).toEqual({ activation: { ...known, attempts: spent } });
    expect(activate(unlimited, refused.changed.activation)).toMatchObject({ code: "RATE_LIMITED" });
    expect(activate(unlimited).ok).toBe(true);
  });

  test("files nothing for a machine it turns away", () => {
    expect(activate(unlimited, undefined, { productId: "prod_other" }).changed).toEqual({});
  });
});

describe("a floating license", () => {
  test("gives a machine a seat until it misses its heartbeats", () => {
    expect(activate(floating())).toMatchObject({
      ok: true,
      license: { seatsUsed: 1, machinesUsed: 0 },
      activation: seated(),
    });
  });

  test("refuses one machine more than it has seats, and says how many it has", () => {
    expect(activate(floating({ seatsUsed: 2 }))).toMatchObject({
      code: "SEAT_LIMIT_REACHED",
      limit: 2,
    });
  });

  test("a machine that lost its seat needs a free one to activate again", () => {
    expect(activate(floating({ seatsUsed: 2 }), activation()).ok).toBe(false);
    expect(activate(floating({ seatsUsed: 1 }), activation())).toMatchObject({
      license: { seatsUsed: 2 },
    });
  });

  test("a lapsed seat that nobody reclaimed is still the machine's own", () => {
    const now = SEAT_END + HOUR;
    expect(activate(floating({ seatsUsed: 2 }), seated(), { now })).toMatchObject({
      ok: true,
      license: { seatsUsed: 2 },
      activation: { seatExpiresAt: now + settings.seatTtlMs },
    });
  });

  test("a machine without a seat frees none when it leaves", () => {
    const full = floating({ seatsUsed: 2 });
    const usedAfter = (known: Activation) =>
      decideDeactivation({ license: full, activation: known });
    expect(usedAfter(activation())).toMatchObject({ license: { seatsUsed: 2 } });
    expect(usedAfter(seated())).toMatchObject({ license: { seatsUsed: 1 } });
  });

  test("only seats that are over are reclaimed, exclusive at the millisecond", () => {
    const over = seated({ id: "over", seatExpiresAt: NOW });
    const renewed = seated({ id: "renewed", seatExpiresAt: NOW + 1 });
    const held = floating({ seatsUsed: 2 });
    expect(
      reclaimSeats({
        license: held,
        activations: [over, renewed, activation(), undefined],
        now: NOW,
      }),
    ).toEqual({
      license: { ...held, seatsUsed: 1 },
      freed: [{ ...over, seatExpiresAt: null }],
    });
    expect(reclaimSeats({ license: held, activations: [renewed], now: NOW })).toEqual({
      license: held,
      freed: [],
    });
  });
});

describe("a sign of life", () => {
  const now = NOW + MINUTE;
  const checkIn = (held: License, known?: Activation) =>
    decideCheckIn({ license: held, activation: known, caller, now, settings });

  test("without an activation is refused", () => {
    expect(checkIn(license())).toEqual({ ok: false, code: "NOT_ACTIVATED" });
  });

  test("is noted on a per-machine license", () => {
    expect(checkIn(license(), activation())).toEqual({
      ok: true,
      activation: activation({ lastSeen: now }),
      seatLost: false,
    });
  });

  test("keeps a floating seat", () => {
    expect(checkIn(floating(), seated())).toEqual({
      ok: true,
      activation: seated({ lastSeen: now, seatExpiresAt: now + settings.seatTtlMs }),
      seatLost: false,
    });
  });

  test("says when the seat was reclaimed", () => {
    expect(checkIn(floating(), activation())).toMatchObject({ ok: true, seatLost: true });
  });
});

describe("a seat is returned", () => {
  const comeBack = (held: License | undefined, known?: Activation) =>
    decideSeatReturn({ license: held, activation: known, now: NOW, settings });

  test.each<[string, License | undefined, Activation | undefined]>([
    ["LICENSE_NOT_FOUND", undefined, undefined],
    ["LICENSE_REVOKED", floating({ status: "revoked", seatsUsed: 2 }), undefined],
    ["LICENSE_EXPIRED", floating({ expiresAt: NOW, seatsUsed: 2 }), undefined],
    ["NOT_ACTIVATED", floating({ seatsUsed: 2 }), undefined],
    ["SEAT_LIMIT_REACHED", floating({ seatsUsed: 2 }), activation()],
  ])("unless %s", (code, held, known) => {
    expect(comeBack(held, known)).toMatchObject({ ok: false, code });
  });

  test("when one is free, at no attempt", () => {
    const held = floating({ seatsUsed: 1, attempts: spent });
    expect(comeBack(held, activation())).toEqual({
      ok: true,
      license: { ...held, seatsUsed: 2 },
      activation: seated(),
    });
  });

  test("once: a seat that another request took back is kept", () => {
    expect(comeBack(floating({ seatsUsed: 2 }), seated())).toMatchObject({
      ok: true,
      license: { seatsUsed: 2 },
    });
  });
});

test.each<[string, License | undefined]>([
  ["LICENSE_NOT_FOUND", undefined],
  ["NOT_ACTIVATED", license({ machinesUsed: 1 })],
])("a machine that is not there cannot leave: %s", (code, held) => {
  expect(decideDeactivation({ license: held, activation: undefined })).toEqual({ ok: false, code });
});
