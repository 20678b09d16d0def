import { changeLicense } from "../support/change-license.ts";
import { NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ask = (licenseKey: string, productId = "prod_tools") => ({ licenseKey, productId });

test("200 says what the license is, and binds nothing", async () => {
  const key = await world.license({ variant: "studio", licenseType: "floating", maxConcurrent: 5 });
  expect(await world.call("verify", ask(key))).toEqual({
    status: 200,
    headers: expect.anything(),
    body: {
      valid: true,
      status: "active",
      variant: "studio",
      licenseType: "floating",
      productId: "prod_tools",
      licenseExpiresAt: null,
      message: "License is active",
    },
  });
  expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({ machinesUsed: 0 });
});

test("200 fields it does not know are ignored", async () => {
  const key = await world.license();
  expect((await world.call("verify", { ...ask(key), extra: [1] })).status).toBe(200);
});

test.each([
  [{ status: "revoked" }, 403, "License has been revoked"],
  [{ status: "suspended" }, 403, "License has been suspended"],
  [{ expiresAt: NOW }, 403, "License has expired"],
  [{ productHandle: "another" }, 403, "License is for a different product"],
] as const)("403 %j", async (change, status, error) => {
  const key = await world.license();
  await changeLicense(world, key, change);
  expect(await world.call("verify", ask(key))).toMatchObject({
    status,
    body: { valid: false, error },
  });
});

test("404 unknown keys, prototype names among them", async () => {
  for (const key of ["nope", "__proto__", "constructor", "toString"]) {
    expect(await world.call("verify", ask(key))).toMatchObject({
      status: 404,
      body: { valid: false, error: "License not found", code: "LICENSE_NOT_FOUND" },
    });
  }
});

test("400 missing fields", async () => {
  expect(await world.call("verify", {})).toMatchObject({
    status: 400,
    body: {
      valid: false,
      error: "Missing required fields",
      details: [
        { field: "licenseKey", message: "is required" },
        { field: "productId", message: "is required" },
      ],
    },
  });
});
