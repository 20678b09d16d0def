import { decodeJwt, decodeProtectedHeader } from "jose";
import { changeLicense } from "../support/change-license.ts";
import { DAY, HOUR, MINUTE, machine, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test("200 binds a machine and answers as documented", async () => {
  const key = await world.license({
    maxMachines: 3,
    variant: "pro",
    expiresAt: "2027-12-31T00:00:00Z",
  });
  const reply = await world.call("activate", machine(key, "a"));
  expect(reply).toMatchObject({
    status: 200,
    body: {
      success: true,
      token: expect.any(String),
      expiresAt: "2026-12-20T09:00:00.000Z",
      machinesUsed: 1,
      maxMachines: 3,
      status: "active",
      variant: "pro",
      message: "License is active",
      licenseExpiresAt: "2027-12-31T00:00:00.000Z",
    },
  });
  const token = String(reply.body["token"]);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "RS256", kid: expect.any(String) });
  expect(decodeJwt(token)).toEqual({
    licenseKey: key,
    machineFingerprint: "fp-a",
    productId: "prod_tools",
    iat: NOW / 1000,
    exp: (NOW + 30 * DAY) / 1000,
  });
});

test("200 a perpetual license has no licenseExpiresAt", async () => {
  const key = await world.license();
  expect((await world.call("activate", machine(key, "a"))).body["licenseExpiresAt"]).toBeNull();
});

test("200 the same machine again takes no slot, meets no limit and is renamed", async () => {
  const key = await world.license({ maxMachines: 1 });
  await world.call("activate", machine(key, "a"));
  world.clock.advance(MINUTE);
  const again = await world.call("activate", { ...machine(key, "a"), hostname: "renamed" });
  expect(again).toMatchObject({ status: 200, body: { machinesUsed: 1, maxMachines: 1 } });
  const { activations } = await world.admin("getLicense", { licenseKey: key });
  expect(activations).toEqual([
    expect.objectContaining({
      hostname: "renamed",
      firstSeen: "2026-11-20T09:00:00.000Z",
      lastSeen: "2026-11-20T09:01:00.000Z",
    }),
  ]);
});

test("200 the product may be named by its handle or its UUID, the key in any spelling", async () => {
  const key = await world.license({ productId: "prod_other" });
  const { projectId } = await world.admin("createProduct", { name: "x", productId: "prod_x" });
  const spelled = key.toLowerCase().replaceAll("-", "");
  expect((await world.call("activate", machine(spelled, "a", "prod_other"))).status).toBe(200);
  expect((await world.call("activate", machine(key, "b", String(projectId)))).status).toBe(403);
});

test("200 a bundle license opens the products it unlocks", async () => {
  await world.admin("createProduct", { name: "Extra", productId: "prod_extra" });
  const key = await world.license({ unlockedProducts: ["prod_extra"] });
  expect((await world.call("activate", machine(key, "a", "prod_extra"))).status).toBe(200);
  expect((await world.call("activate", machine(key, "b", "prod_tools"))).status).toBe(200);
});

test("200 a degraded license works, says so, and its token lives a day", async () => {
  const key = await world.license();
  await changeLicense(world, key, { status: "degraded" });
  expect(await world.call("activate", machine(key, "a"))).toMatchObject({
    status: 200,
    body: { status: "degraded", expiresAt: "2026-11-21T09:00:00.000Z" },
  });
});

test("200 a token never outlives its license", async () => {
  const key = await world.license({ expiresAt: "2026-11-22T00:00:00Z" });
  const { body } = await world.call("activate", machine(key, "a"));
  expect(body["expiresAt"]).toBe("2026-11-22T00:00:00.000Z");
});

test.each([
  ["nothing", {}, "Missing required fields"],
  ["no product", { ...machine("k", "a"), productId: undefined }, "Missing required fields"],
  ["an empty hostname", { ...machine("k", "a"), hostname: "" }, "Missing required fields"],
  ["a null hostname", { ...machine("k", "a"), hostname: null }, "Missing required fields"],
  ["a number", { ...machine("k", "a"), hostname: 7 }, "hostname: must be a string"],
  ["a list", { ...machine("k", "a"), licenseKey: ["k"] }, "licenseKey: must be a string"],
  ["a long key", machine("k".repeat(129), "a"), "licenseKey: must be at most 128 characters"],
  [
    "a long fingerprint",
    { ...machine("k", "a"), machineFingerprint: "f".repeat(257) },
    "machineFingerprint: must be at most 256 characters",
  ],
  [
    "a long hostname",
    { ...machine("k", "a"), hostname: "h".repeat(256) },
    "hostname: must be at most 255 characters",
  ],
  ["NUL", { ...machine("k", "a"), hostname: "h\0" }, "hostname: must not contain NUL characters"],
])("400 %s", async (_, body, error) => {
  expect(await world.call("activate", body)).toMatchObject({
    status: 400,
    body: { success: false, error, code: "INVALID_REQUEST" },
  });
});

test("404 unknown key", async () => {
  expect(await world.call("activate", machine("nope", "a"))).toMatchObject({
    status: 404,
    body: { success: false, error: "License not found", code: "LICENSE_NOT_FOUND" },
  });
});

test.each([
  [{ status: "revoked" }, "License has been revoked", "LICENSE_REVOKED"],
  [{ status: "suspended" }, "License has been suspended", "LICENSE_SUSPENDED"],
  [{ expiresAt: NOW }, "License has expired", "LICENSE_EXPIRED"],
  [{ productHandle: "another" }, "License is for a different product", "WRONG_PRODUCT"],
] as const)("403 %j", async (change, error, code) => {
  const key = await world.license();
  await changeLicense(world, key, change);
  expect(await world.call("activate", machine(key, "a"))).toMatchObject({
    status: 403,
    body: { success: false, error, code },
  });
});

test("403 names the machine limit, and a freed slot can be taken", async () => {
  const key = await world.license({ maxMachines: 2 });
  await world.call("activate", machine(key, "a"));
  await world.call("activate", machine(key, "b"));
  expect(await world.call("activate", machine(key, "c"))).toMatchObject({
    status: 403,
    body: {
      error: "Machine limit reached (2). Deactivate another machine first.",
      code: "MACHINE_LIMIT_REACHED",
    },
  });
  await world.call("deactivate", machine(key, "a"));
  expect((await world.call("activate", machine(key, "c"))).body["machinesUsed"]).toBe(2);
});

test("429 after 15 attempts in an hour, failed ones counted, until Retry-After has passed", async () => {
  const key = await world.license();
  for (let attempt = 1; attempt <= 15; attempt++) {
    const ask = attempt % 2 ? machine(key, "a") : machine(key, "a", "prod_wrong");
    expect((await world.call("activate", ask)).status).toBe(attempt % 2 ? 200 : 403);
    world.clock.advance(MINUTE);
  }
  const refused = await world.call("activate", machine(key, "a"));
  expect(refused).toMatchObject({
    status: 429,
    body: {
      success: false,
      error: "Too many activation attempts. Try again later.",
      code: "RATE_LIMITED",
    },
  });
  const seconds = Number(refused.headers.get("retry-after"));
  expect(seconds).toBe(45 * 60);
  world.clock.advance(seconds * 1000 - 1);
  expect((await world.call("activate", machine(key, "a"))).status).toBe(429);
  world.clock.advance(1);
  expect((await world.call("activate", machine(key, "a"))).status).toBe(200);
});

describe("floating", () => {
  const seats = { licenseType: "floating", maxConcurrent: 2 };

  test("200 any machine takes a seat; 403 when the pool is full", async () => {
    const key = await world.license(seats);
    await world.call("activate", machine(key, "a"));
    expect(await world.call("activate", machine(key, "b"))).toMatchObject({
      status: 200,
      body: { machinesUsed: 2, maxMachines: 2 },
    });
    expect(await world.call("activate", machine(key, "c"))).toMatchObject({
      status: 403,
      body: {
        success: false,
        error: "Floating seat limit reached (2). Close another session first.",
        code: "SEAT_LIMIT_REACHED",
      },
    });
  });

  test("200 maxMachines is the pool when maxConcurrent is left out", async () => {
    const key = await world.license({ licenseType: "floating", maxMachines: 1 });
    await world.call("activate", machine(key, "a"));
    expect((await world.call("activate", machine(key, "b"))).body["error"]).toContain("(1)");
  });

  test("200 a lapsed seat is reclaimed on the spot, at the millisecond it lapses", async () => {
    const key = await world.license({ ...seats, maxConcurrent: 1 });
    await world.call("activate", machine(key, "a"));
    world.clock.advance(15 * MINUTE - 1);
    expect((await world.call("activate", machine(key, "b"))).status).toBe(403);
    world.clock.advance(1);
    expect(await world.call("activate", machine(key, "b"))).toMatchObject({
      status: 200,
      body: { machinesUsed: 1 },
    });
  });

  test("403 a full pool counts one attempt, not two", async () => {
    const key = await world.license({ ...seats, maxConcurrent: 1 });
    await world.call("activate", machine(key, "a"));
    for (let attempt = 2; attempt <= 15; attempt++) {
      expect((await world.call("activate", machine(key, "b"))).status).toBe(403);
    }
    expect((await world.call("activate", machine(key, "b"))).status).toBe(429);
  });

  test("a pool of 20 may fill within the hour", async () => {
    const key = await world.license({ licenseType: "floating", maxConcurrent: 20 });
    for (let seat = 1; seat <= 20; seat++) {
      expect((await world.call("activate", machine(key, `m${seat}`))).status).toBe(200);
    }
  });
});

test("site: no limit, and each machine has its own attempts", async () => {
  const key = await world.license({ licenseType: "site" });
  for (let seat = 1; seat <= 20; seat++) {
    expect(await world.call("activate", machine(key, `m${seat}`))).toMatchObject({
      status: 200,
      body: { machinesUsed: seat, maxMachines: -1 },
    });
  }
  for (let attempt = 2; attempt <= 15; attempt++) await world.call("activate", machine(key, "m1"));
  expect((await world.call("activate", machine(key, "m1"))).status).toBe(429);
  world.clock.advance(HOUR);
  expect((await world.call("activate", machine(key, "m1"))).status).toBe(200);
});
