import { auditOf, changeLicense, countedOf, crowd, licenseOf } from "../support/change-license.ts";
import { DAY, type Json, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const shown = async (licenseKey: string) =>
  (await world.admin("getLicense", { licenseKey }))["license"] as Json;
const activate = (key: string, name: string) => world.call("activate", machine(key, name));

describe("one license, changed by its vendor", () => {
  const calls: [string, Json][] = [
    ["updateLicense", { maxMachines: 3 }],
    ["revokeLicense", { reason: "fraud" }],
    ["reinstateLicense", {}],
    ["resetActivations", {}],
    ["deactivateMachine", { machineFingerprint: "fp-a" }],
    ["rotateLicenseKey", {}],
  ];

  test.each(calls)("%s: 404 a foreign license looks like none, and stays", async (name, more) => {
    const key = await world.license();
    await activate(key, "a");
    const before = [await licenseOf(world, key), await countedOf(world, key)];
    const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "other" });
    const foreign = await world.call(name, { apiKey, licenseKey: key, ...more });
    const absent = await world.call(name, { apiKey, licenseKey: "nope", ...more });
    expect(foreign).toMatchObject({ status: 404, body: { code: "LICENSE_NOT_FOUND" } });
    expect(foreign.body).toEqual(absent.body);
    expect([await licenseOf(world, key), await countedOf(world, key)]).toEqual(before);
    expect(await auditOf(world, "other")).toHaveLength(1);
  });

  test.each(calls)("%s: 200 for the account's own API key", async (name, more) => {
    const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "studio" });
    await world.call("createProduct", { apiKey, name: "p", productId: "prod_own" });
    const { body } = await world.call("createLicense", {
      apiKey,
      email: "a@example.com",
      productId: "prod_own",
    });
    await world.call("activate", machine(String(body["licenseKey"]), "a", "prod_own"));
    const ask = { apiKey, licenseKey: body["licenseKey"], ...more };
    expect(await world.call(name, ask)).toMatchObject({ status: 200, body: { success: true } });
  });

  test.each(calls)("%s: 400 an unknown field", async (name, more) => {
    const headers = { "x-admin-secret": "test-admin-secret" };
    expect(
      await world.call(name, { licenseKey: "k", ...more, typo: 1 }, { headers }),
    ).toMatchObject({ status: 400, body: { error: "typo: is not a field of this request" } });
  });
});

describe("updateLicense", () => {
  const update = (licenseKey: string, change: Json) =>
    world.admin("updateLicense", { licenseKey, ...change });

  test("200 what is given is changed, the license type is accepted and ignored", async () => {
    const key = await world.license();
    await world.admin("createVariant", { productId: "prod_tools", name: "Studio" });
    const before = await shown(key);
    const change = {
      variant: "prod_tools-studio",
      maxMachines: 7,
      maxConcurrent: 4,
      status: "degraded",
      expiresAt: "2027-12-31T00:00:00Z",
      email: " B@Example.com",
      licenseType: "floating",
    };
    expect(await update(key, change)).toEqual({ success: true });
    expect(await shown(key)).toEqual({
      ...before,
      variant: "Studio",
      maxMachines: 7,
      maxConcurrent: 4,
      status: "degraded",
      expiresAt: "2027-12-31T00:00:00.000Z",
      email: "b@example.com",
    });
    await update(key, { expiresAt: null, maxConcurrent: null });
    expect(await shown(key)).toMatchObject({ expiresAt: null, maxConcurrent: null });
  });

  test("200 one read, and three writes with the audit entry and the event; none where nothing changes", async () => {
    const key = await world.license();
    await update(key, { maxMachines: 5 });
    expect(world.touched()).toEqual({ reads: 1, writes: 3, aggregates: 0 });
    await update(key, { maxMachines: 5 });
    expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
    const entry = (await auditOf(world)).find(({ action }) => action === "license.update");
    expect(entry).toMatchObject({
      targetId: (await licenseOf(world, key)).id,
      before: { maxMachines: 2 },
      after: { maxMachines: 5 },
    });
  });

  test("400 names the field", async () => {
    const key = await world.license();
    const headers = { "x-admin-secret": "test-admin-secret" };
    const wrong: [string, unknown][] = [
      ["maxMachines", 0],
      ["maxConcurrent", 1.5],
      ["status", "expired"],
      ["expiresAt", "soon"],
      ["email", "nobody"],
      ["variant", "a b"],
    ];
    for (const [field, value] of wrong) {
      const ask = { licenseKey: key, [field]: value };
      expect(await world.call("updateLicense", ask, { headers })).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining(`${field}: `) },
      });
    }
  });

  test("a limit below what is in use keeps the machines and lets no new one in", async () => {
    const key = await world.license({ maxMachines: 3 });
    for (const name of ["a", "b", "c"]) await activate(key, name);
    await update(key, { maxMachines: 1 });
    expect(await activate(key, "b")).toMatchObject({ status: 200, body: { machinesUsed: 3 } });
    expect(await activate(key, "d")).toMatchObject({
      status: 403,
      body: { code: "MACHINE_LIMIT_REACHED" },
    });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 3, activations: 3 });
  });

  test("status by hand blocks, lets through and is what revoking and reinstating leave", async () => {
    const key = await world.license();
    await update(key, { status: "suspended" });
    expect(await activate(key, "a")).toMatchObject({ body: { code: "LICENSE_SUSPENDED" } });
    await update(key, { status: "revoked" });
    expect(await shown(key)).toMatchObject({
      disputeReason: "manual",
      disputedAt: "2026-11-20T09:00:00.000Z",
    });
    expect(await activate(key, "a")).toMatchObject({ body: { code: "LICENSE_REVOKED" } });
    await update(key, { status: "active" });
    expect(await shown(key)).toMatchObject({ disputeReason: null, disputedAt: null });
    expect((await activate(key, "a")).status).toBe(200);
  });

  test("from unlimited to a limit and back the count is that of the machines", async () => {
    const key = await world.license({ maxMachines: -1 });
    for (const name of ["a", "b", "c"]) await activate(key, name);
    await update(key, { maxMachines: 3 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 3, activations: 3 });
    expect((await activate(key, "d")).status).toBe(403);
    await update(key, { maxMachines: -1 });
    await activate(key, "d");
    await world.call("deactivate", machine(key, "a"));
    await update(key, { maxMachines: 4 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 3, activations: 3 });
    await activate(key, "e");
    expect((await activate(key, "f")).status).toBe(403);
    const actions = (await auditOf(world)).filter(({ action }) => action === "license.update");
    expect(new Set(actions.map(({ before, after }) => JSON.stringify([before, after])))).toEqual(
      new Set([
        '[{"maxMachines":-1},{"maxMachines":3}]',
        '[{"maxMachines":3},{"maxMachines":-1}]',
        '[{"maxMachines":-1},{"maxMachines":4}]',
      ]),
    );
  });

  test("the same for 1,200 machines, and for floating seats", async () => {
    const key = await world.license({ maxMachines: -1 });
    await crowd(world, key, { count: 1_200 });
    await update(key, { maxMachines: 1_200 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 1_200, activations: 1_200 });
    const pool = await world.license({ licenseType: "floating", maxConcurrent: -1 });
    await crowd(world, pool, { count: 10, seatExpiresAt: world.clock.now() + DAY });
    await update(pool, { maxConcurrent: 11 });
    expect(await countedOf(world, pool)).toMatchObject({ seatsUsed: 10, seats: 10 });
    expect(await activate(pool, "a")).toMatchObject({ status: 200, body: { machinesUsed: 11 } });
    expect((await activate(pool, "b")).status).toBe(403);
    expect((await world.call("deactivate", machine(pool, "a"))).status).toBe(200);
    expect((await activate(pool, "b")).status).toBe(200);
  });

  test("a switch that broke off half way counts on, and a repeat ends it", async () => {
    const key = await world.license({ maxMachines: -1 });
    await activate(key, "a");
    const { store } = world.deps;
    const query = store.query.bind(store);
    store.query = async () => {
      throw new Error("gone");
    };
    const headers = { "x-admin-secret": "test-admin-secret" };
    const ask = { licenseKey: key, maxMachines: 2 };
    expect((await world.call("updateLicense", ask, { headers })).status).toBe(500);
    store.query = query;
    expect((await licenseOf(world, key)).countAhead).toBe(true);
    await activate(key, "b");
    await activate(key, "c");
    await world.call("deactivate", machine(key, "a"));
    expect((await shown(key))["maxMachines"]).toBe(-1);
    await update(key, { maxMachines: 2 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 2, activations: 2 });
    expect(await licenseOf(world, key)).toMatchObject({ countAhead: false, maxMachines: 2 });
  });
});

describe("revokeLicense and reinstateLicense", () => {
  test("200 blocked at once, with the reason; again changes nothing", async () => {
    const key = await world.license();
    const first = { licenseKey: key, reason: "cancelled" };
    expect(await world.admin("revokeLicense", first)).toEqual({ success: true });
    expect(world.touched()).toEqual({ reads: 1, writes: 3, aggregates: 0 });
    world.clock.advance(DAY);
    expect(await world.admin("revokeLicense", { licenseKey: key })).toEqual({ success: true });
    expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
    expect(await shown(key)).toMatchObject({
      status: "revoked",
      disputeReason: "cancelled",
      disputedAt: "2026-11-20T09:00:00.000Z",
    });
    expect(await world.call("verify", { licenseKey: key, productId: "prod_tools" })).toMatchObject({
      status: 403,
      body: { code: "LICENSE_REVOKED" },
    });
    const written = (await auditOf(world)).filter(({ action }) => action === "license.revoke");
    expect(written).toMatchObject([
      { before: { status: "active" }, after: { status: "revoked", disputeReason: "cancelled" } },
    ]);
  });

  test("200 without a reason it is manual; 400 one of more than 200 characters", async () => {
    const key = await world.license();
    const headers = { "x-admin-secret": "test-admin-secret" };
    const long = { licenseKey: key, reason: "x".repeat(201) };
    expect(await world.call("revokeLicense", long, { headers })).toMatchObject({
      status: 400,
      body: { error: "reason: must be at most 200 characters" },
    });
    await world.admin("revokeLicense", { licenseKey: key });
    expect(await shown(key)).toMatchObject({ disputeReason: "manual" });
  });

  test("200 reinstating a revoked or suspended license leaves a clean one", async () => {
    const key = await world.license();
    for (const status of ["revoked", "suspended"] as const) {
      const state = { status, threatLevel: 4, disputeReason: "fraud", disputedAt: 1 };
      await changeLicense(world, key, state);
      expect(await world.admin("reinstateLicense", { licenseKey: key })).toEqual({ success: true });
      expect(world.touched()).toEqual({ reads: 1, writes: 3, aggregates: 0 });
      expect(await shown(key)).toMatchObject({
        status: "active",
        threatLevel: 0,
        disputeReason: null,
        disputedAt: null,
      });
    }
    await world.admin("reinstateLicense", { licenseKey: key });
    expect(world.touched().writes).toBe(0);
    const written = (await auditOf(world)).filter(({ action }) => action === "license.reinstate");
    expect(written).toHaveLength(2);
  });
});

describe("deactivateMachine", () => {
  const ask = (key: string) => ({ licenseKey: key, machineFingerprint: "fp-a" });

  test("200 frees the slot of that machine, on a revoked license too", async () => {
    const key = await world.license({ maxMachines: 1 });
    await activate(key, "a");
    await world.admin("revokeLicense", { licenseKey: key });
    expect(await world.admin("deactivateMachine", ask(key))).toEqual({ success: true });
    expect(world.touched()).toEqual({ reads: 2, writes: 4, aggregates: 0 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 0, activations: 0 });
    const written = (await auditOf(world)).filter(
      ({ action }) => action === "license.deactivateMachine",
    );
    expect(written).toMatchObject([{ before: { machine: "fp-a", hostname: "host-a" } }]);
  });

  test("200 frees a floating seat", async () => {
    const key = await world.license({ licenseType: "floating", maxConcurrent: 1 });
    await activate(key, "a");
    await world.admin("deactivateMachine", ask(key));
    expect((await activate(key, "b")).status).toBe(200);
  });

  test("404 a machine that is not on the license", async () => {
    const key = await world.license();
    const headers = { "x-admin-secret": "test-admin-secret" };
    expect(await world.call("deactivateMachine", ask(key), { headers })).toMatchObject({
      status: 404,
      body: { success: false, code: "NOT_ACTIVATED" },
    });
  });
});

describe("resetActivations", () => {
  const reset = (licenseKey: string) => world.admin("resetActivations", { licenseKey });

  test("200 forgets all machines, and there is room for as many", async () => {
    const key = await world.license({ maxMachines: 2 });
    const { body } = await activate(key, "a");
    await activate(key, "b");
    expect(await reset(key)).toEqual({ success: true, deletedCount: 2 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 0, activations: 0 });
    const session = { licenseKey: key, machineFingerprint: "fp-a", token: body["token"] };
    expect(await world.call("validate", session)).toMatchObject({
      status: 403,
      body: { code: "NOT_ACTIVATED" },
    });
    for (const name of ["c", "d"]) expect((await activate(key, name)).status).toBe(200);
    expect(await reset(key)).toMatchObject({ deletedCount: 2 });
    expect(await reset(key)).toEqual({ success: true, deletedCount: 0 });
    expect(world.touched().writes).toBe(0);
  });

  test("200 a floating license of 1,200 seats, and an unlimited one", async () => {
    const pool = await world.license({ licenseType: "floating", maxConcurrent: 1_500 });
    await crowd(world, pool, { count: 1_200, seatExpiresAt: world.clock.now() + DAY });
    await changeLicense(world, pool, { seatsUsed: 1_200 });
    expect(await reset(pool)).toEqual({ success: true, deletedCount: 1_200 });
    expect(await countedOf(world, pool)).toMatchObject({ seatsUsed: 0, activations: 0 });
    const written = (await auditOf(world)).filter(
      ({ action }) => action === "license.resetActivations",
    );
    const forgotten = written.map(({ before }) => Number(before?.["activations"]));
    expect(forgotten.reduce((sum, count) => sum + count, 0)).toBe(1_200);
    const site = await world.license({ licenseType: "site" });
    await crowd(world, site, { count: 3 });
    expect(await reset(site)).toMatchObject({ deletedCount: 3 });
  });

  test("200 who was locked out by attempts may activate, machines or none", async () => {
    const key = await world.license({ maxMachines: 1 });
    const lockedOut = async (ask: Json) => {
      for (let attempt = 1; attempt <= 15; attempt++) await world.call("activate", ask);
      expect((await world.call("activate", ask)).status).toBe(429);
    };
    await lockedOut(machine(key, "a"));
    expect(await reset(key)).toMatchObject({ deletedCount: 1 });
    expect((await activate(key, "b")).status).toBe(200);
    await reset(key);
    await lockedOut(machine(key, "a", "prod_other"));
    expect(await reset(key)).toMatchObject({ deletedCount: 0 });
    expect((await activate(key, "a")).status).toBe(200);
    const written = (await auditOf(world)).filter(
      ({ action }) => action === "license.resetActivations",
    );
    expect(written).toContainEqual(
      expect.objectContaining({ before: { attempts: 15 }, after: { attempts: 0 } }),
    );
  });

  test("a reset that broke off is consistent, and a repeat ends it", async () => {
    const key = await world.license({ maxMachines: 1_000 });
    await crowd(world, key, { count: 500 });
    await changeLicense(world, key, { machinesUsed: 500 });
    const { store } = world.deps;
    const transaction = store.transaction.bind(store);
    let batches = 0;
    store.transaction = (body) => {
      if (++batches > 1) throw new Error("gone");
      return transaction(body);
    };
    const headers = { "x-admin-secret": "test-admin-secret" };
    const ask = { licenseKey: key };
    expect((await world.call("resetActivations", ask, { headers })).status).toBe(500);
    store.transaction = transaction;
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 300, activations: 300 });
    expect(await reset(key)).toMatchObject({ deletedCount: 300 });
    expect(await countedOf(world, key)).toMatchObject({ machinesUsed: 0, activations: 0 });
  });
});

describe("rotateLicenseKey", () => {
  const headers = { "x-admin-secret": "test-admin-secret", "idempotency-key": "rotate-1" };
  const rotate = async (licenseKey: string) =>
    String((await world.admin("rotateLicenseKey", { licenseKey }))["licenseKey"]);

  test("200 the license, its machines and its identity are under the new key", async () => {
    const old = await world.license({ maxMachines: 2 });
    await activate(old, "a");
    const [before, { id }] = [await shown(old), await licenseOf(world, old)];
    const key = await rotate(old);
    expect(world.touched()).toEqual({ reads: 1, writes: 4, aggregates: 0 });
    expect(key).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$/);
    expect(await shown(key)).toEqual({ ...before, key });
    expect((await licenseOf(world, key)).id).toBe(id);
    expect(await activate(key, "a")).toMatchObject({ status: 200, body: { machinesUsed: 1 } });
    const written = (await auditOf(world)).filter(({ action }) => action === "license.rotateKey");
    expect(written).toMatchObject([{ targetId: id, before: {}, after: {} }]);
    expect(JSON.stringify(written)).not.toContain(key);
    expect(JSON.stringify(written)).not.toContain(old);
  });

  test("404 the old key everywhere at once, and its tokens are no good under the new one", async () => {
    const old = await world.license();
    const { body } = await activate(old, "a");
    const key = await rotate(old);
    const session = { machineFingerprint: "fp-a", token: body["token"] };
    const admin = { headers: { "x-admin-secret": "test-admin-secret" } };
    for (const reply of [
      await world.call("verify", { licenseKey: old, productId: "prod_tools" }),
      await activate(old, "a"),
      await world.call("validate", { licenseKey: old, ...session }),
      await world.call("heartbeat", { licenseKey: old, ...session }),
      await world.call("deactivate", { licenseKey: old, ...session }),
      await world.call("getLicense", { licenseKey: old }, admin),
      await world.call("updateLicense", { licenseKey: old }, admin),
      await world.call("rotateLicenseKey", { licenseKey: old }, admin),
      await world.call("resetActivations", { licenseKey: old }, admin),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: "LICENSE_NOT_FOUND" } });
    }
    expect(await world.call("validate", { licenseKey: key, ...session })).toMatchObject({
      status: 401,
      body: { code: "TOKEN_INVALID" },
    });
  });

  test("a repeat under the same Idempotency-Key gets the same new key", async () => {
    const old = await world.license();
    const first = await world.call("rotateLicenseKey", { licenseKey: old }, { headers });
    const again = await world.call("rotateLicenseKey", { licenseKey: old }, { headers });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    await shown(String(first.body["licenseKey"]));
  });
});
