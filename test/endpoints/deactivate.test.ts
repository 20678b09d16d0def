import { changeLicense, licenseOf } from "../support/change-license.ts";
import { machine, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test("200 frees the slot and says what is left", async () => {
  const key = await world.license({ maxMachines: 3 });
  await world.call("activate", machine(key, "a"));
  await world.call("activate", machine(key, "b"));
  expect(await world.call("deactivate", machine(key, "a"))).toEqual({
    status: 200,
    headers: expect.anything(),
    body: {
      success: true,
      machinesUsed: 1,
      maxMachines: 3,
      message: "Machine has been deactivated",
    },
  });
});

test("200 frees a floating seat, once, lapsed and reclaimed or not", async () => {
  const key = await world.license({ licenseType: "floating", maxConcurrent: 2 });
  await world.call("activate", machine(key, "a"));
  await world.call("activate", machine(key, "b"));
  world.clock.advance(3_600_000);
  await world.call("activate", machine(key, "c"));
  for (const name of ["a", "b", "c"]) {
    expect((await world.call("deactivate", machine(key, name))).status).toBe(200);
  }
  expect((await licenseOf(world, key)).seatsUsed).toBe(0);
});

test("200 works on expired and revoked licenses", async () => {
  for (const change of [{ status: "revoked" }, { expiresAt: NOW }] as const) {
    const key = await world.license();
    await world.call("activate", machine(key, "a"));
    await changeLicense(world, key, change);
    expect((await world.call("deactivate", machine(key, "a"))).status).toBe(200);
  }
});

test("404 a machine that is not activated, and again after it was", async () => {
  const key = await world.license();
  await world.call("activate", machine(key, "a"));
  await world.call("deactivate", machine(key, "a"));
  expect(await world.call("deactivate", machine(key, "a"))).toMatchObject({
    status: 404,
    body: {
      success: false,
      error: "Machine is not activated on this license",
      code: "NOT_ACTIVATED",
    },
  });
  expect((await licenseOf(world, key)).machinesUsed).toBe(0);
});

test("404 unknown key, 400 missing fields", async () => {
  expect((await world.call("deactivate", machine("nope", "a"))).body["code"]).toBe(
    "LICENSE_NOT_FOUND",
  );
  expect((await world.call("deactivate", {})).body["error"]).toBe("Missing required fields");
});
