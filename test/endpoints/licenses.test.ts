import { ADMIN_SECRET, MINUTE, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };

test("200 defaults are those of the contract, and the key is of our own shape", async () => {
  const key = await world.license({ email: " Artist@Example.COM " });
  expect(key).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$/);
  expect(await world.admin("getLicense", { licenseKey: key })).toEqual({
    success: true,
    license: {
      key,
      email: "artist@example.com",
      productId: "prod_tools",
      variant: "indie",
      licenseType: "per-machine",
      status: "active",
      threatLevel: 0,
      suspendsAt: null,
      maxMachines: 2,
      maxConcurrent: null,
      createdAt: "2026-11-20T09:00:00.000Z",
      purchasedAt: null,
      expiresAt: null,
      discountCode: null,
      purchaseId: null,
      bundleId: null,
      unlockedProducts: [],
      disputeReason: null,
      disputedAt: null,
      unresolvedViolationsCount: 0,
    },
    activations: [],
    violations: [],
    machinesUsed: 0,
  });
});

test("200 everything that is given is kept", async () => {
  await world.admin("createProduct", { name: "Extra", productId: "prod_extra" });
  const terms = {
    variant: "pro",
    maxMachines: 3,
    maxConcurrent: 4,
    licenseType: "floating",
    expiresAt: "2027-12-31T00:00:00Z",
    discountCode: "SALE50",
    purchaseId: "txn_1",
    bundleId: "bundle",
    unlockedProducts: ["prod_extra"],
  };
  const key = await world.license(terms);
  expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({
    license: { ...terms, expiresAt: "2027-12-31T00:00:00.000Z" },
  });
});

test("200 getLicense by GET lists machines newest first, with who holds a seat now", async () => {
  const key = await world.license({ licenseType: "floating", maxConcurrent: 2 });
  await world.call("activate", machine(key, "a"));
  world.clock.advance(10 * MINUTE);
  await world.call("activate", machine(key, "b"));
  world.clock.advance(10 * MINUTE);
  const { body } = await world.call("getLicense", undefined, {
    method: "GET",
    query: { licenseKey: key },
    headers,
  });
  expect(body).toMatchObject({
    machinesUsed: 2,
    activations: [
      { fingerprint: "fp-b", hostname: "host-b", sessionActive: true, countries: [] },
      { fingerprint: "fp-a", firstSeen: "2026-11-20T09:00:00.000Z", sessionActive: false },
    ],
  });
});

test.each([
  [{ productId: "prod_tools" }, "email: is required"],
  [{ email: "a@example.com" }, "productId: is required"],
  [{ email: "not an address", productId: "prod_tools" }, "email: must be an e-mail address"],
  [{ maxMachines: "3" }, "maxMachines: must be a whole number"],
  [{ maxMachines: 0 }, "maxMachines: must be -1 (unlimited) or at least 1"],
  [{ maxMachines: 1.5 }, "maxMachines: must be a whole number"],
  [{ licenseType: "single" }, 'licenseType: must be "per-machine", "floating" or "site"'],
  [{ expiresAt: "tomorrow" }, "expiresAt: must be an ISO 8601 date-time, or null for none"],
  [{ unlockedProducts: "prod_x" }, "unlockedProducts: must be a list of product ids"],
  [{ maxMachine: 3 }, "maxMachine: is not a field of this request"],
])("400 %j", async (given, error) => {
  const complete = "email" in given || "productId" in given;
  const body = complete ? given : { email: "a@example.com", productId: "prod_tools", ...given };
  expect(await world.call("createLicense", body, { headers })).toMatchObject({
    status: 400,
    body: { success: false, error: expect.stringContaining(error), code: "INVALID_REQUEST" },
  });
});

test("404 names the product that is not there", async () => {
  await world.license();
  const make = (terms: object) =>
    world.call(
      "createLicense",
      { email: "a@example.com", productId: "prod_tools", ...terms },
      { headers },
    );
  expect(await make({ productId: "prod_none" })).toMatchObject({
    status: 404,
    body: { success: false, code: "PRODUCT_NOT_FOUND", error: "productId: no such product" },
  });
  expect((await make({ unlockedProducts: ["prod_none"] })).body["error"]).toBe(
    "unlockedProducts: no such product",
  );
  expect((await make({ creatorId: "another" })).status).toBe(404);
});

test("a license unlocks every other product once, however often it is named", async () => {
  const unlockedProducts = ["prod_extra", "prod_tools", "prod_extra"];
  await world.admin("createProduct", { name: "extra", productId: "prod_extra" });
  const licenseKey = await world.license({ unlockedProducts });
  expect(await world.admin("getLicense", { licenseKey })).toMatchObject({
    license: { unlockedProducts: ["prod_extra"] },
  });
});

test("404 getLicense of an unknown key", async () => {
  expect(await world.call("getLicense", { licenseKey: "nope" }, { headers })).toMatchObject({
    status: 404,
    body: { success: false, error: "License not found" },
  });
});
