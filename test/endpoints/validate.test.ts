import { decodeJwt, SignJWT } from "jose";
import { changeLicense } from "../support/change-license.ts";
import { DAY, type Json, MINUTE, machine, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function activated(terms: Json = {}, name = "a") {
  const licenseKey = await world.license(terms);
  const { body } = await world.call("activate", machine(licenseKey, name));
  return { licenseKey, machineFingerprint: `fp-${name}`, token: String(body["token"]) };
}

test("200 renews the token and answers as documented", async () => {
  const ask = await activated({ maxMachines: 3, variant: "pro" });
  world.clock.advance(DAY);
  const reply = await world.call("validate", ask);
  expect(reply).toEqual({
    status: 200,
    headers: expect.anything(),
    body: {
      valid: true,
      token: expect.any(String),
      expiresAt: "2026-12-21T09:00:00.000Z",
      status: "active",
      variant: "pro",
      licenseType: "per-machine",
      machinesUsed: 1,
      maxMachines: 3,
      licenseExpiresAt: null,
      message: "License is active",
    },
  });
  expect(decodeJwt(String(reply.body["token"]))).toMatchObject({
    iat: (NOW + DAY) / 1000,
    productId: "prod_tools",
  });
});

test("200 a degraded license says so and its token lives a day", async () => {
  const ask = await activated();
  await changeLicense(world, ask.licenseKey, { status: "degraded" });
  expect(await world.call("validate", ask)).toMatchObject({
    status: 200,
    body: { status: "degraded", expiresAt: "2026-11-21T09:00:00.000Z" },
  });
});

test("200 renews a floating seat", async () => {
  const ask = await activated({ licenseType: "floating", maxConcurrent: 1 });
  world.clock.advance(10 * MINUTE);
  await world.call("validate", ask);
  world.clock.advance(10 * MINUTE);
  expect((await world.call("activate", machine(ask.licenseKey, "b"))).status).toBe(403);
});

test("401 an expired token", async () => {
  const ask = await activated();
  world.clock.advance(30 * DAY);
  expect(await world.call("validate", ask)).toMatchObject({
    status: 401,
    body: { valid: false, code: "TOKEN_EXPIRED" },
  });
});

test("401 a token of another machine, another license, another signer, or none at all", async () => {
  const ask = await activated();
  const other = await activated({ email: "b@example.com" }, "b");
  const forged = await new SignJWT(decodeJwt(ask.token))
    .setProtectedHeader({ alg: "HS256", kid: "x" })
    .sign(new Uint8Array(32));
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${ask.token.split(".")[1]}.`;
  const tampered = ask.token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  for (const token of [other.token, forged, unsigned, tampered.slice(0, -5), "garbage"]) {
    expect(await world.call("validate", { ...ask, token })).toMatchObject({
      status: 401,
      body: { valid: false, code: "TOKEN_INVALID" },
    });
  }
  const elsewhere = { ...ask, machineFingerprint: "fp-b" };
  expect((await world.call("validate", elsewhere)).body["code"]).toBe("TOKEN_INVALID");
});

test("403 the machine was deactivated", async () => {
  const ask = await activated();
  await world.call("deactivate", ask);
  expect(await world.call("validate", ask)).toMatchObject({
    status: 403,
    body: { valid: false, code: "NOT_ACTIVATED" },
  });
});

test.each([
  [{ status: "revoked" }, "LICENSE_REVOKED"],
  [{ status: "suspended" }, "LICENSE_SUSPENDED"],
  [{ expiresAt: NOW }, "LICENSE_EXPIRED"],
] as const)("403 %j", async (change, code) => {
  const ask = await activated();
  await changeLicense(world, ask.licenseKey, change);
  expect(await world.call("validate", ask)).toMatchObject({ status: 403, body: { code } });
});

test("403 a floating seat was lost and the pool is full", async () => {
  const ask = await activated({ licenseType: "floating", maxConcurrent: 1 });
  world.clock.advance(15 * MINUTE);
  await world.call("activate", machine(ask.licenseKey, "b"));
  expect(await world.call("validate", ask)).toMatchObject({
    status: 403,
    body: { valid: false, code: "SEAT_LIMIT_REACHED" },
  });
});

test("404 unknown key", async () => {
  const ask = { ...(await activated()), licenseKey: "nope" };
  expect(await world.call("validate", ask)).toMatchObject({
    status: 404,
    body: { valid: false, error: "License not found" },
  });
});

test("400 missing fields", async () => {
  expect(await world.call("validate", { licenseKey: "k" })).toMatchObject({
    status: 400,
    body: { valid: false, error: "Missing required fields", code: "INVALID_REQUEST" },
  });
});
