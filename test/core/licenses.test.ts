import fc from "fast-check";
import {
  coversProduct,
  seatsFor,
  slotsOf,
  standing,
  statusAt,
  termsOf,
  tokenExpiry,
  variantName,
} from "../../functions/src/core/licenses.ts";
import type { License, LicenseStatus } from "../../functions/src/core/records.ts";
import {
  DAY,
  HOUR,
  license,
  NOW,
  OTHER_PRODUCT_ID,
  PRODUCT_ID,
  variant,
} from "../support/records.ts";

const undashed = (uuid: string) => uuid.replaceAll("-", "");

describe("standing", () => {
  const over = { expiresAt: NOW };
  test.each<[string, Partial<License>, string | undefined]>([
    ["active", {}, undefined],
    ["degraded still stands", { status: "degraded" }, undefined],
    ["suspended", { status: "suspended" }, "LICENSE_SUSPENDED"],
    ["revoked", { status: "revoked" }, "LICENSE_REVOKED"],
    ["expired", over, "LICENSE_EXPIRED"],
    ["degraded and expired", { status: "degraded", ...over }, "LICENSE_EXPIRED"],
    ["suspended before expired", { status: "suspended", ...over }, "LICENSE_SUSPENDED"],
    ["revoked before expired", { status: "revoked", ...over }, "LICENSE_REVOKED"],
    ["the last millisecond", { expiresAt: NOW + 1 }, undefined],
    ["in grace", { ...over, graceMs: DAY }, undefined],
    ["the last millisecond of grace", { expiresAt: NOW - DAY + 1, graceMs: DAY }, undefined],
    ["past its grace", { expiresAt: NOW - DAY, graceMs: DAY }, "LICENSE_EXPIRED"],
    ["suspended in grace", { status: "suspended", ...over, graceMs: DAY }, "LICENSE_SUSPENDED"],
    ["revoked in grace", { status: "revoked", ...over, graceMs: DAY }, "LICENSE_REVOKED"],
  ])("%s", (_, changes, code) => {
    expect(standing(license(changes), NOW)?.code).toBe(code);
  });
});

describe("statusAt", () => {
  const grace = { expiresAt: NOW, graceMs: DAY };
  test.each<[string, Partial<License>, number, LicenseStatus]>([
    ["active before its expiry", grace, NOW - 1, "active"],
    ["degraded from its expiry", grace, NOW, "degraded"],
    ["degraded until its grace ends", grace, NOW + DAY - 1, "degraded"],
    ["as it was written once the grace is over", grace, NOW + DAY, "active"],
    ["without grace never degraded", { expiresAt: NOW }, NOW, "active"],
    ["perpetual never degraded", { graceMs: DAY }, NOW, "active"],
    ["degraded already", { ...grace, status: "degraded" }, NOW, "degraded"],
    ["suspended by hand", { ...grace, status: "suspended" }, NOW, "suspended"],
    ["suspended when due", { ...grace, suspendsAt: NOW }, NOW, "suspended"],
    ["revoked", { ...grace, status: "revoked" }, NOW, "revoked"],
  ])("%s", (_, changes, now, status) => {
    expect(statusAt(license(changes), now)).toBe(status);
  });
});

describe("coversProduct", () => {
  const bundle = license({
    unlockedProducts: [{ id: OTHER_PRODUCT_ID, handle: "prod_extra" }],
  });
  test.each([
    ["its handle", "prod_tools"],
    ["its UUID", PRODUCT_ID],
    ["its UUID without hyphens", undashed(PRODUCT_ID)],
    ["its UUID in upper case", PRODUCT_ID.toUpperCase()],
    ["its UUID without hyphens in upper case", undashed(PRODUCT_ID).toUpperCase()],
    ["an unlocked product's handle", "prod_extra"],
    ["an unlocked product's UUID", OTHER_PRODUCT_ID],
    ["an unlocked product's UUID without hyphens", undashed(OTHER_PRODUCT_ID)],
  ])("a license is good for %s", (_, reference) => {
    expect(coversProduct(bundle, reference)).toBe(true);
  });

  test.each([
    ["nothing", ""],
    ["a handle in another case", "Prod_Tools"],
    ["a handle with space", " prod_tools"],
    ["part of a handle", "prod_"],
    ["part of a UUID", PRODUCT_ID.slice(0, -1)],
    ["hyphens in other places", `-${PRODUCT_ID}`],
    ["a handle that differs from a UUID by its hyphens", undashed(PRODUCT_ID).replace("5f", "5f-")],
    ["its own identity", bundle.id],
  ])("but not for %s", (_, reference) => {
    expect(coversProduct(bundle, reference)).toBe(false);
  });

  test("without a bundle it is good for no other product", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uuid(), fc.string()), (reference) => {
        fc.pre(![PRODUCT_ID, undashed(PRODUCT_ID), "prod_tools"].includes(reference));
        expect(coversProduct(license(), reference)).toBe(false);
      }),
    );
  });
});

describe("slotsOf", () => {
  test.each<[string, Partial<License>, number | undefined]>([
    ["per-machine: its machines", { maxMachines: 3, maxConcurrent: 9 }, 3],
    ["per-machine: unlimited", { maxMachines: -1 }, undefined],
    ["floating: its seats", { licenseType: "floating", maxMachines: 9, maxConcurrent: 3 }, 3],
    ["floating: machines when seats are not said", { licenseType: "floating", maxMachines: 4 }, 4],
    ["floating: unlimited seats", { licenseType: "floating", maxConcurrent: -1 }, undefined],
    ["floating: unlimited machines", { licenseType: "floating", maxMachines: -1 }, undefined],
    ["site: never limited", { licenseType: "site", maxMachines: 3, maxConcurrent: 3 }, undefined],
  ])("%s", (_, changes, slots) => {
    expect(slotsOf(license(changes))).toBe(slots);
  });
});

describe("tokenExpiry", () => {
  test.each<[string, Partial<License>, number]>([
    ["30 days", {}, NOW + 30 * DAY],
    ["24 hours when degraded", { status: "degraded" }, NOW + 24 * HOUR],
    ["the license's end when that is sooner", { expiresAt: NOW + DAY }, NOW + DAY],
    ["30 days when the license lives longer", { expiresAt: NOW + 31 * DAY }, NOW + 30 * DAY],
    ["the end of its grace", { expiresAt: NOW + DAY, graceMs: DAY }, NOW + 2 * DAY],
    ["24 hours in grace", { expiresAt: NOW, graceMs: 3 * DAY }, NOW + 24 * HOUR],
    ["in grace: its end, too", { expiresAt: NOW, graceMs: HOUR }, NOW + HOUR],
    ["its suspension, if sooner", { expiresAt: NOW, graceMs: DAY, suspendsAt: NOW + 1 }, NOW + 1],
    ["degraded: the end, too", { status: "degraded", expiresAt: NOW + HOUR }, NOW + HOUR],
  ])("%s", (_, changes, end) => {
    expect(tokenExpiry(license(changes), NOW)).toBe(end);
  });
});

describe("seatsFor", () => {
  test.each<[string, Partial<License>, number, Partial<License>]>([
    ["machines", { maxMachines: 2 }, 3, { maxMachines: 6, maxConcurrent: null }],
    ["one is one", { maxMachines: 2 }, 1, { maxMachines: 2 }],
    [
      "seats, and machines with them",
      { licenseType: "floating", maxMachines: 2, maxConcurrent: 5 },
      4,
      { maxMachines: 8, maxConcurrent: 20 },
    ],
    [
      "machines where seats are not said",
      { licenseType: "floating", maxMachines: 2 },
      4,
      { maxMachines: 8, maxConcurrent: null },
    ],
    [
      "unlimited stays unlimited",
      { licenseType: "floating", maxMachines: -1, maxConcurrent: -1 },
      4,
      { maxMachines: -1, maxConcurrent: -1 },
    ],
    ["never over a million", { maxMachines: 600_000 }, 2, { maxMachines: 1_000_000 }],
    [
      "a site stays a site",
      { licenseType: "site", maxMachines: 3, maxConcurrent: 3 },
      4,
      { maxMachines: 3, maxConcurrent: 3 },
    ],
  ])("%s", (_, terms, quantity, slots) => {
    const { licenseType, maxMachines, maxConcurrent } = license(terms);
    const asked = { licenseType, maxMachines, maxConcurrent, expiresAt: NOW };
    expect(seatsFor(asked, quantity)).toEqual({ ...asked, ...slots });
  });
});

describe("termsOf", () => {
  const perpetual = { maxConcurrent: null, expiresAt: null };
  const tier = variant({
    licenseType: "floating",
    maxMachines: 7,
    maxConcurrent: 5,
    durationDays: 365,
  });

  test.each([
    ["per-machine", 2],
    ["floating", 2],
    ["site", -1],
  ] as const)(
    "the defaults of a %s license: %i machines, perpetual",
    (licenseType, maxMachines) => {
      expect(termsOf({ licenseType }, undefined, NOW)).toEqual({
        ...perpetual,
        licenseType,
        maxMachines,
      });
    },
  );

  test("a license of no type is per-machine", () => {
    const terms = { ...perpetual, licenseType: "per-machine", maxMachines: 2 };
    expect(termsOf({}, undefined, NOW)).toEqual(terms);
    expect(termsOf({}, variant(), NOW)).toEqual(terms);
  });

  test("a variant's terms stand before the defaults", () => {
    expect(termsOf({}, tier, NOW)).toEqual({
      licenseType: "floating",
      maxMachines: 7,
      maxConcurrent: 5,
      expiresAt: NOW + 365 * DAY,
    });
  });

  test("what was asked for stands before the variant's, also a perpetual license", () => {
    const asked = {
      licenseType: "per-machine",
      maxMachines: 1,
      maxConcurrent: -1,
      expiresAt: null,
    } as const;
    expect(termsOf(asked, tier, NOW)).toEqual(asked);
    expect(termsOf({ ...asked, expiresAt: NOW }, tier, NOW).expiresAt).toBe(NOW);
  });
});

test.each([
  ["pro", "pro"],
  ["prod_tools-pro", "pro"],
  ["prod_tools-pro-2", "pro-2"],
  ["prod_tools", "prod_tools"],
  ["prod_toolspro", "prod_toolspro"],
  ["prod_tools-", "prod_tools-"],
])("the variant %s is named %s", (given, name) => {
  expect(variantName("prod_tools", given)).toBe(name);
});
