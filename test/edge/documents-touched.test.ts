import { activations } from "../../functions/src/store/collections.ts";
import { changeLicense, licenseOf } from "../support/change-license.ts";
import { type Json, MINUTE, machine, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** Puts `count` further activations on a license without 10,000 requests. */
async function crowd(licenseKey: string, count: number, seated: boolean) {
  const license = await licenseOf(world, licenseKey);
  const many = Array.from({ length: count }, (_, index) => ({
    kind: "create" as const,
    collection: activations,
    record: {
      id: `crowd-${index}`,
      licenseId: license.id,
      accountId: license.accountId,
      fingerprint: `crowd-${index}`,
      hostname: "h",
      firstSeen: NOW,
      lastSeen: NOW,
      seatExpiresAt: seated ? NOW + 60 * MINUTE : null,
      attempts: null,
    },
  }));
  await world.store.commit(many);
  const used = seated ? { seatsUsed: count } : { machinesUsed: count };
  await changeLicense(world, licenseKey, { ...used, activatedAt: NOW });
}

async function cost(name: string, body: Json, status = 200) {
  const reply = await world.call(name, body);
  expect([name, reply.status]).toEqual([name, status]);
  return { ...world.touched(), body: reply.body };
}

describe.each([1, 10_000])("with %i other machines on the license", (others) => {
  test("a per-machine license", async () => {
    const key = await world.license({ maxMachines: others + 2 });
    await crowd(key, others, false);
    const free = { reads: 0, writes: 0, aggregates: 0 };
    expect(await cost("verify", { licenseKey: key, productId: "prod_tools" })).toMatchObject({
      ...free,
      reads: 1,
    });
    const fresh = await cost("activate", machine(key, "a"));
    expect(fresh).toMatchObject({ ...free, reads: 2, writes: 3 });
    expect(await cost("activate", machine(key, "a"))).toMatchObject({
      ...free,
      reads: 2,
      writes: 2,
    });
    const session = {
      licenseKey: key,
      machineFingerprint: "fp-a",
      token: fresh.body["token"],
    };
    expect(await cost("validate", session)).toMatchObject({ ...free, reads: 2, writes: 1 });
    expect(await cost("heartbeat", session)).toMatchObject({ ...free, reads: 2, writes: 1 });
    expect(await cost("deactivate", session)).toMatchObject({ ...free, reads: 2, writes: 3 });
  });

  test("a site license pays one aggregate for its count", async () => {
    const key = await world.license({ licenseType: "site" });
    await crowd(key, others, false);
    const fresh = await cost("activate", machine(key, "a"));
    expect(fresh).toMatchObject({ reads: 2, writes: 2, aggregates: 1 });
    expect(fresh.body["machinesUsed"]).toBe(others + 1);
    const session = {
      licenseKey: key,
      machineFingerprint: "fp-a",
      token: fresh.body["token"],
    };
    expect(await cost("validate", session)).toMatchObject({ reads: 2, writes: 1, aggregates: 1 });
    expect(await cost("deactivate", session)).toMatchObject({ reads: 2, writes: 2, aggregates: 1 });
  });
});

describe.each([1, 10_000])("with %i other seats taken", (others) => {
  test("a floating license that counts them itself", async () => {
    await world.close();
    world = await openWorld({ settings: { seatShardsFrom: 0 } });
    const key = await world.license({ licenseType: "floating", maxConcurrent: others + 2 });
    await crowd(key, others, true);
    const fresh = await cost("activate", machine(key, "a"));
    expect(fresh).toMatchObject({ reads: 2, writes: 3, aggregates: 0 });
    expect(await cost("activate", machine(key, "a"))).toMatchObject({ reads: 2, writes: 2 });
    const session = {
      licenseKey: key,
      machineFingerprint: "fp-a",
      token: fresh.body["token"],
    };
    expect(await cost("validate", session)).toMatchObject({ reads: 2, writes: 1, aggregates: 0 });
    expect(await cost("heartbeat", session)).toMatchObject({ reads: 2, writes: 1, aggregates: 0 });
    expect(await cost("deactivate", session)).toMatchObject({ reads: 2, writes: 3, aggregates: 0 });
  });
});

test("a pool counted in shards reads its shard besides, however large it is", async () => {
  const key = await world.license({ licenseType: "floating", maxConcurrent: 10_000 });
  await crowd(key, 9_000, true);
  // Its first checkout deals the seats out, and sums them up.
  expect((await world.call("activate", machine(key, "first"))).status).toBe(200);
  const fresh = await cost("activate", machine(key, "a"));
  expect(fresh).toMatchObject({ reads: 3, writes: 3, aggregates: 0 });
  expect(await cost("activate", machine(key, "a"))).toMatchObject({ reads: 3, writes: 2 });
  const session = { licenseKey: key, machineFingerprint: "fp-a", token: fresh.body["token"] };
  expect(await cost("validate", session)).toMatchObject({ reads: 2, writes: 1, aggregates: 0 });
  expect(await cost("heartbeat", session)).toMatchObject({ reads: 2, writes: 1, aggregates: 0 });
  expect(await cost("deactivate", session)).toMatchObject({ reads: 3, writes: 3, aggregates: 0 });
  // What answers say of all seats is summed up again every five seconds.
  world.clock.advance(5_000);
  expect(await cost("activate", machine(key, "b"))).toMatchObject({ reads: 43, writes: 3 });
});

test("a refused attempt writes its count, one over the budget writes nothing", async () => {
  const key = await world.license({ maxMachines: 1 });
  await world.call("activate", machine(key, "a"));
  expect(await cost("activate", machine(key, "b"), 403)).toMatchObject({ reads: 2, writes: 1 });
  await changeLicense(world, key, { attempts: { startedAt: NOW, count: 15 } });
  expect(await cost("activate", machine(key, "b"), 429)).toMatchObject({ reads: 2, writes: 0 });
});

test("a sale costs the same however many there were, and its repeat one read", async () => {
  await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
  const sell = async (purchaseId: string) => {
    const headers = { "x-webhook-secret": "test-native-secret" };
    const email = `${purchaseId}@example.com`;
    const sale = { type: "purchase.completed", email, productId: "prod_tools", purchaseId };
    const reply = await world.call("webhook", sale, { headers });
    expect(reply.body).toMatchObject({ status: "done" });
    return world.touched();
  };
  for (let sold = 0; sold < 20; sold++) {
    expect(await sell(`pur_${sold}`)).toEqual({ reads: 8, writes: 10, aggregates: 0 });
  }
  expect(await sell("pur_0")).toEqual({ reads: 1, writes: 0, aggregates: 0 });
});

test("counting for statistics is on no request's bill, and no request waits for it", async () => {
  const counting = await openWorld({ flush: { everyEvents: 1, everyMs: 0 } });
  const licenseKey = await counting.license();
  await counting.call("verify", { licenseKey, productId: "prod_tools" });
  expect(counting.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
  await counting.deps.usage.flush();
  await counting.close();
});

test("a license costs two writes more when it is the customer's first", async () => {
  await world.license();
  const made = async (email: string) => {
    await world.admin("createLicense", { email, productId: "prod_tools" });
    return world.touched();
  };
  expect(await made("new@example.com")).toMatchObject({ reads: 4, writes: 5 });
  expect(await made("new@example.com")).toMatchObject({ reads: 4, writes: 3 });
});

test("a license costs a read and two writes more when it names its purchase", async () => {
  await world.license({ email: "new@example.com" });
  await world.admin("createLicense", {
    email: "new@example.com",
    productId: "prod_tools",
    purchaseId: "pur_1",
  });
  expect(world.touched()).toMatchObject({ reads: 5, writes: 5 });
});

test("an unknown key costs one read", async () => {
  expect(await cost("activate", machine("nope", "a"), 404)).toMatchObject({ reads: 1, writes: 0 });
});

test("a full pool reads in proportion to the seats it frees", async () => {
  const key = await world.license({ licenseType: "floating", maxConcurrent: 10 });
  await crowd(key, 10, true);
  world.clock.advance(60 * MINUTE);
  // Twice license and machine, the license for its counter, then 10 seats found and looked at again.
  expect(await cost("activate", machine(key, "a"))).toMatchObject({ reads: 25, writes: 14 });
});
