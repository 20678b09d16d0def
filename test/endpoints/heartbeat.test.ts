import { changeLicense, licenseOf } from "../support/change-license.ts";
import { type Json, MINUTE, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function activated(terms: Json, name = "a") {
  const licenseKey = await world.license(terms);
  return seated(licenseKey, name);
}

async function seated(licenseKey: string, name: string) {
  const { body } = await world.call("activate", machine(licenseKey, name));
  return { licenseKey, machineFingerprint: `fp-${name}`, token: String(body["token"]) };
}

const pool = (maxConcurrent: number) => ({ licenseType: "floating", maxConcurrent });

test("200 keeps the seat for another 15 minutes", async () => {
  const ask = await activated(pool(2));
  world.clock.advance(5 * MINUTE);
  expect(await world.call("heartbeat", ask)).toEqual({
    status: 200,
    headers: expect.anything(),
    body: {
      success: true,
      expiresAt: "2026-11-20T09:20:00.000Z",
      nextHeartbeatSeconds: 300,
      seatsUsed: 1,
      maxConcurrent: 2,
      status: "active",
    },
  });
});

test("200 after expiry the seat is kept while nobody took it", async () => {
  const ask = await activated(pool(1));
  world.clock.advance(60 * MINUTE);
  expect(await world.call("heartbeat", ask)).toMatchObject({ status: 200, body: { seatsUsed: 1 } });
});

test("200 a reclaimed seat is taken back when one is free", async () => {
  const ask = await activated(pool(1));
  world.clock.advance(15 * MINUTE);
  const other = await seated(ask.licenseKey, "b");
  expect(await world.call("heartbeat", ask)).toMatchObject({
    status: 403,
    body: { success: false, code: "SEAT_LIMIT_REACHED" },
  });
  await world.call("deactivate", other);
  expect(await world.call("heartbeat", ask)).toMatchObject({ status: 200, body: { seatsUsed: 1 } });
  expect((await licenseOf(world, ask.licenseKey)).seatsUsed).toBe(1);
});

test("200 another's lapsed seat is reclaimed for it", async () => {
  const ask = await activated(pool(1));
  world.clock.advance(15 * MINUTE);
  await seated(ask.licenseKey, "b");
  world.clock.advance(15 * MINUTE);
  expect((await world.call("heartbeat", ask)).status).toBe(200);
  expect((await licenseOf(world, ask.licenseKey)).seatsUsed).toBe(1);
});

test("200 a per-machine license has no seat to keep: the token's end is answered", async () => {
  const ask = await activated({ maxMachines: 2 });
  expect(await world.call("heartbeat", ask)).toMatchObject({
    status: 200,
    body: { expiresAt: "2026-12-20T09:00:00.000Z", seatsUsed: 1, maxConcurrent: 2 },
  });
});

test("200 a degraded license says so", async () => {
  const ask = await activated(pool(1));
  await changeLicense(world, ask.licenseKey, { status: "degraded" });
  expect((await world.call("heartbeat", ask)).body["status"]).toBe("degraded");
});

test("401, 403, 404 and 400 as in validate, in its own envelope", async () => {
  const ask = await activated(pool(1));
  const codes = async (change: Json) => {
    const { status, body } = await world.call("heartbeat", { ...ask, ...change });
    return [status, body["success"], body["code"]];
  };
  expect(await codes({ token: "x" })).toEqual([401, false, "TOKEN_INVALID"]);
  expect(await codes({ licenseKey: "x" })).toEqual([404, false, "LICENSE_NOT_FOUND"]);
  expect(await codes({ token: null })).toEqual([400, false, "INVALID_REQUEST"]);
  await world.call("deactivate", ask);
  expect(await codes({})).toEqual([403, false, "NOT_ACTIVATED"]);
});
