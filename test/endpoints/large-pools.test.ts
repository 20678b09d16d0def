import { expireFloatingSessions } from "../../functions/src/operations/activations/expire-floating-sessions.ts";
import { shardIdsOf } from "../../functions/src/operations/activations/seat-counter.ts";
import { usedNow } from "../../functions/src/operations/activations/seat-pools.ts";
import { outbox, seatShards } from "../../functions/src/store/collections.ts";
import { changeLicense, countedOf, crowd, licenseOf } from "../support/change-license.ts";
import { HOUR, MINUTE, machine, openWorld, type World } from "../support/world.ts";

const SEATS = 600;

let world: World;
let key: string;
beforeEach(async () => {
  world = await openWorld();
  key = await world.license({ licenseType: "floating", maxConcurrent: SEATS });
});
afterEach(() => world.close());

const activate = (name: string) => world.call("activate", machine(key, name));
const deactivate = (name: string) => world.call("deactivate", machine(key, name));
const FULL = {
  status: 403,
  body: {
    code: "SEAT_LIMIT_REACHED",
    error: `Floating seat limit reached (${SEATS}). Close another session first.`,
  },
};

/** Others hold so many seats until then. */
async function taken(count: number, seatExpiresAt = world.clock.now() + HOUR) {
  await crowd(world, key, { count, seatExpiresAt });
  await changeLicense(world, key, { seatsUsed: count });
}
const shards = async () => {
  const license = await licenseOf(world, key);
  return world.store.getMany(seatShards, shardIdsOf(license, license.seatShards));
};
/** The sum of the shards, which must be what is held. */
async function used() {
  const sum = await usedNow(world.store, await licenseOf(world, key));
  expect((await countedOf(world, key)).seats).toBe(sum);
  return sum;
}

test("is counted in shards from its first checkout on, and everybody is told all of it", async () => {
  await taken(100);
  const first = await activate("a");
  expect(first).toMatchObject({ status: 200, body: { machinesUsed: 101, maxMachines: SEATS } });
  expect(await licenseOf(world, key)).toMatchObject({ seatShards: 3, maxConcurrent: SEATS });
  expect((await shards()).map((shard) => shard?.seats)).toEqual([267, 167, 166]);
  expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({ machinesUsed: 101 });
  const { licenses } = await world.admin("listLicenses", {});
  expect(licenses).toMatchObject([{ machinesUsed: 101, maxConcurrent: SEATS }]);
  const verified = await world.call("verify", { licenseKey: key, productId: "prod_tools" });
  expect(verified.body).toMatchObject({ valid: true });
  expect(await used()).toBe(101);
});

test("no checkout, heartbeat or return writes the license", async () => {
  await activate("a");
  const before = await licenseOf(world, key);
  world.clock.advance(MINUTE);
  const { body } = await activate("b");
  await activate("b");
  await world.call("heartbeat", { ...machine(key, "b"), token: body["token"] });
  await deactivate("b");
  expect(await licenseOf(world, key)).toEqual(before);
});

test("a machine takes a seat of another shard when its own is full, and gives it back there", async () => {
  await taken(597);
  for (const name of ["a", "b", "c"]) expect((await activate(name)).status).toBe(200);
  expect(await activate("d")).toMatchObject(FULL);
  for (const shard of await shards()) expect(shard?.used).toBe(shard?.seats);
  for (const name of ["b", "a", "c"]) {
    expect((await deactivate(name)).status).toBe(200);
    expect(await used()).toBe(SEATS - 1);
    expect((await activate("d")).status).toBe(200);
    expect(await activate("e")).toMatchObject(FULL);
    expect((await deactivate("d")).status).toBe(200);
    expect((await activate(name)).status).toBe(200);
  }
  expect(await used()).toBe(SEATS);
  // Its vendor frees one as well.
  await world.admin("deactivateMachine", { licenseKey: key, machineFingerprint: "fp-a" });
  expect((await activate("d")).status).toBe(200);
});

test("a machine that was turned away is told of once a day", async () => {
  await taken(SEATS);
  for (let each = 0; each < 3; each++) expect(await activate("a")).toMatchObject(FULL);
  const { items } = await world.store.query(outbox, "oldest", { limit: 100 });
  const told = items.filter(({ type }) => type === "license.seat_limit_reached");
  expect(told).toMatchObject([{ data: { machineFingerprint: "fp-a" } }]);
});

test("the attempts of an hour are counted in the shard that is asked", async () => {
  await activate("a");
  const asked = (await shards()).find((shard) => shard?.used === 1);
  if (!asked) throw new Error("no shard");
  expect(asked.attempts.count).toBe(1);
  const attempts = { ...asked.attempts, count: 3 * asked.seats };
  await world.store.commit([
    { kind: "set", collection: seatShards, record: { ...asked, attempts } },
  ]);
  expect(await activate("a")).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
  world.clock.advance(HOUR);
  expect((await activate("a")).status).toBe(200);
});

test("lapsed seats are taken from their shards, on the spot and by the schedule", async () => {
  await taken(SEATS, world.clock.now() + MINUTE);
  expect(await activate("a")).toMatchObject(FULL);
  world.clock.advance(MINUTE);
  expect((await activate("a")).status).toBe(200);
  expect(await used()).toBe(SEATS - 50 + 1);
  await expireFloatingSessions(world.deps, { maxSeats: 1_000 });
  expect(await used()).toBe(1);
});

test("a machine whose seat lapsed gets one back with its next heartbeat, while there is one", async () => {
  const { body } = await activate("a");
  const beat = () => world.call("heartbeat", { ...machine(key, "a"), token: body["token"] });
  world.clock.advance(15 * MINUTE);
  await expireFloatingSessions(world.deps, { maxSeats: 10 });
  expect(await used()).toBe(0);
  expect(await beat()).toMatchObject({ status: 200 });
  expect(await used()).toBe(1);
  world.clock.advance(15 * MINUTE);
  await expireFloatingSessions(world.deps, { maxSeats: 10 });
  for (const shard of await shards()) {
    const record = { ...(shard as NonNullable<typeof shard>), used: shard?.seats ?? 0 };
    await world.store.commit([{ kind: "set", collection: seatShards, record }]);
  }
  expect(await beat()).toMatchObject(FULL);
});

test("a changed limit is dealt out anew with the next checkout", async () => {
  await taken(SEATS);
  expect(await activate("a")).toMatchObject(FULL);
  await world.admin("updateLicense", { licenseKey: key, maxConcurrent: 2_000 });
  expect((await activate("a")).status).toBe(200);
  expect((await licenseOf(world, key)).seatShards).toBe(8);
  expect(await used()).toBe(SEATS + 1);

  await world.admin("updateLicense", { licenseKey: key, maxConcurrent: 3 });
  expect((await activate("b")).status).toBe(403);
  // Nobody is thrown out, and nobody comes in before enough have left.
  expect((await activate("a")).status).toBe(200);
  world.clock.advance(HOUR + 1);
  await expireFloatingSessions(world.deps, { maxSeats: 2_000 });
  for (const name of ["b", "c", "d"]) expect((await activate(name)).status).toBe(200);
  expect((await activate("e")).status).toBe(403);
  expect(await used()).toBe(3);
});

test("a limit that is lifted and set again counts who is there", async () => {
  await taken(100);
  await activate("a");
  await world.admin("updateLicense", { licenseKey: key, maxConcurrent: -1 });
  await activate("b");
  await deactivate("a");
  await world.admin("updateLicense", { licenseKey: key, maxConcurrent: 700 });
  expect(await licenseOf(world, key)).toMatchObject({ seatShards: 0, seatsUsed: 101 });
  expect((await activate("c")).status).toBe(200);
  expect(await licenseOf(world, key)).toMatchObject({ seatShards: 3 });
  expect(await used()).toBe(102);
  await deactivate("b");
  expect(await used()).toBe(101);
});

test("a reset leaves no seat and no attempt in any shard", async () => {
  await taken(300);
  for (const name of ["a", "b", "c", "d"]) await activate(name);
  expect(await world.admin("resetActivations", { licenseKey: key })).toMatchObject({
    deletedCount: 304,
  });
  for (const shard of await shards()) {
    expect(shard).toMatchObject({ used: 0, attempts: { count: 0 } });
  }
  expect((await activate("a")).status).toBe(200);
  expect(await used()).toBe(1);
});

test("a rotated key finds its pool as it was", async () => {
  await activate("a");
  const { licenseKey } = await world.admin("rotateLicenseKey", { licenseKey: key });
  key = String(licenseKey);
  expect((await activate("a")).status).toBe(200);
  expect((await activate("b")).status).toBe(200);
  expect(await used()).toBe(2);
});

test("a pool of 499 is counted in its license", async () => {
  const small = await world.license({ licenseType: "floating", maxConcurrent: 499 });
  await world.call("activate", machine(small, "a"));
  expect(await licenseOf(world, small)).toMatchObject({ seatShards: 0, seatsUsed: 1 });
});

test("where nothing is to be counted in shards, only what was goes on in them", async () => {
  const large = await world.license({ licenseType: "floating", maxConcurrent: 10 * SEATS });
  await activate("a");
  const other = await openWorld({ store: world.store, settings: { seatShardsFrom: 0 } });
  for (const licenseKey of [key, large]) {
    expect((await other.call("activate", machine(licenseKey, "b"))).status).toBe(200);
  }
  expect(await used()).toBe(2);
  expect(await licenseOf(world, large)).toMatchObject({ seatShards: 0, seatsUsed: 1 });
  const { store } = other;
  store.close = async () => undefined;
  await other.close();
});

test("a machine leaves whose seat was in a shard that the pool has no more", async () => {
  for (let name = 0; name < 12; name++) await activate(`m${name}`);
  world.clock.advance(HOUR);
  await expireFloatingSessions(world.deps, { maxSeats: 100 });
  for (const maxConcurrent of [-1, 500, -1, 500]) {
    await world.admin("updateLicense", { licenseKey: key, maxConcurrent });
    expect((await activate("last")).status).toBe(200);
  }
  expect(await licenseOf(world, key)).toMatchObject({ seatShards: 2 });
  for (let name = 0; name < 12; name++) expect((await deactivate(`m${name}`)).status).toBe(200);
  expect(await used()).toBe(1);
});
