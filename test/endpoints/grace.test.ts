import { changeLicense } from "../support/change-license.ts";
import { DAY, HOUR, type Json, machine, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test("a license in grace works as degraded and says until when; past it, 403", async () => {
  const licenseKey = await world.license({ expiresAt: new Date(NOW + HOUR).toISOString() });
  await changeLicense(world, licenseKey, { graceMs: 3 * DAY });
  const asMachine = machine(licenseKey, "a");
  const bound = await world.call("activate", asMachine);
  // Offline clients have no other way to have the grace.
  expect(bound.body).toMatchObject({ status: "active", expiresAt: "2026-11-23T10:00:00.000Z" });
  let { token } = bound.body;
  const everywhere = async () => {
    const session = { ...asMachine, token };
    const replies = {
      verify: await world.call("verify", { licenseKey, productId: "prod_tools" }),
      validate: await world.call("validate", session),
      heartbeat: await world.call("heartbeat", session),
    };
    token = replies.validate.body["token"] ?? token;
    return replies;
  };
  const all = (status: number, body: Json) => ({
    verify: { status, body },
    validate: { status, body },
    heartbeat: { status, body },
  });
  const statusShown = async () =>
    (await world.admin("getLicense", { licenseKey }))["license"] as Json;

  world.clock.advance(HOUR - 1);
  expect(await everywhere()).toMatchObject(all(200, { status: "active" }));
  expect(await statusShown()).toMatchObject({ status: "active" });

  world.clock.advance(1);
  const graced = await everywhere();
  expect(graced).toMatchObject(all(200, { status: "degraded" }));
  const message = "License has expired; it works until 2026-11-23T10:00:00.000Z. Renew it.";
  const licenseExpiresAt = "2026-11-20T10:00:00.000Z";
  expect(graced.verify.body).toMatchObject({ message, licenseExpiresAt });
  expect(graced.validate.body).toMatchObject({ message, expiresAt: "2026-11-21T10:00:00.000Z" });
  expect(await statusShown()).toMatchObject({ status: "degraded", expiresAt: licenseExpiresAt });
  expect((await world.call("activate", asMachine)).body).toMatchObject({ status: "degraded" });
  // What is counted goes by the date.
  expect(await world.admin("getStats", {})).toMatchObject({
    licenses: { byStatus: { active: 0, degraded: 0, expired: 1 } },
  });

  for (const step of [20 * HOUR, 20 * HOUR, 20 * HOUR, 12 * HOUR - 1_000]) {
    world.clock.advance(step);
    expect(await everywhere()).toMatchObject(all(200, { status: "degraded" }));
  }
  world.clock.advance(1_000);
  expect(await world.call("verify", { licenseKey, productId: "prod_tools" })).toMatchObject({
    status: 403,
    body: { code: "LICENSE_EXPIRED" },
  });
  expect(await world.call("activate", asMachine)).toMatchObject({
    status: 403,
    body: { code: "LICENSE_EXPIRED" },
  });
  // The token ended with the license.
  expect(await everywhere()).toMatchObject({
    validate: { status: 401, body: { code: "TOKEN_EXPIRED" } },
    heartbeat: { status: 401, body: { code: "TOKEN_EXPIRED" } },
  });
});

test("403 LICENSE_EXPIRED under a good token, where the vendor shortened the grace", async () => {
  const licenseKey = await world.license({ expiresAt: new Date(NOW + HOUR).toISOString() });
  await changeLicense(world, licenseKey, { graceMs: 3 * DAY });
  const { body } = await world.call("activate", machine(licenseKey, "a"));
  await changeLicense(world, licenseKey, { graceMs: DAY });
  world.clock.advance(DAY + HOUR);
  for (const name of ["validate", "heartbeat"]) {
    const session = { ...machine(licenseKey, "a"), token: body["token"] };
    expect(await world.call(name, session)).toMatchObject({
      status: 403,
      body: { code: "LICENSE_EXPIRED" },
    });
  }
});

test("of a block and the end of the grace, the message names what comes first", async () => {
  const licenseKey = await world.license({ expiresAt: new Date(NOW + 1).toISOString() });
  const blocked = async (suspendsAt: number) => {
    await changeLicense(world, licenseKey, { graceMs: DAY, status: "degraded", suspendsAt });
    return (await world.call("verify", { licenseKey, productId: "prod_tools" })).body["message"];
  };
  world.clock.advance(1);
  expect(await blocked(NOW + HOUR)).toContain("will be suspended on 2026-11-20T10:00:00.000Z");
  expect(await blocked(NOW + 3 * DAY)).toContain("it works until 2026-11-21T09:00:00.001Z");
});
