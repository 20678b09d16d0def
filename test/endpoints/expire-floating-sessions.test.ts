import { expireFloatingSessions } from "../../functions/src/operations/activations/expire-floating-sessions.ts";
import { activations } from "../../functions/src/store/collections.ts";
import { licenseOf } from "../support/change-license.ts";
import { MINUTE, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function pool(seats: number) {
  const key = await world.license({ licenseType: "floating", maxConcurrent: seats });
  const tokens = [];
  for (let seat = 0; seat < seats; seat++) {
    const { body } = await world.call("activate", machine(key, `m${seat}`));
    tokens.push(body["token"]);
  }
  return { key, tokens };
}

const run = (maxSeats = 1_000) => expireFloatingSessions(world.deps, { maxSeats });

test("frees what has lapsed, on every license, and nothing that lives", async () => {
  const [first, second] = [await pool(3), await pool(2)];
  world.clock.advance(14 * MINUTE);
  await world.call("heartbeat", {
    licenseKey: first.key,
    machineFingerprint: "fp-m0",
    token: first.tokens[0],
  });
  expect(await run()).toEqual({ freed: 0, more: false });
  world.clock.advance(MINUTE);
  expect(await run()).toEqual({ freed: 4, more: false });
  expect((await licenseOf(world, first.key)).seatsUsed).toBe(1);
  expect((await licenseOf(world, second.key)).seatsUsed).toBe(0);
  expect(await run()).toEqual({ freed: 0, more: false });
});

test("machines that lost their seat stay listed, without a session", async () => {
  const { key } = await pool(1);
  world.clock.advance(15 * MINUTE);
  await run();
  expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({
    machinesUsed: 0,
    activations: [{ fingerprint: "fp-m0", sessionActive: false }],
  });
});

test("stops at its bound and resumes where it stopped", async () => {
  const pools = [];
  for (let index = 0; index < 30; index++) pools.push(await pool(5));
  world.clock.advance(15 * MINUTE);
  expect(await run(100)).toEqual({ freed: 100, more: true });
  expect(await run(100)).toEqual({ freed: 50, more: false });
  for (const { key } of pools) expect((await licenseOf(world, key)).seatsUsed).toBe(0);
});

test("never frees a seat that a heartbeat renewed after it was found", async () => {
  const { key, tokens } = await pool(2);
  world.clock.advance(15 * MINUTE);
  const query = world.store.query.bind(world.store);
  let renewed = false;
  const deps = {
    ...world.deps,
    store: Object.assign(Object.create(world.store) as typeof world.store, {
      query: async (...asked: Parameters<typeof query>) => {
        const page = await query(...asked);
        if (!renewed) {
          renewed = true;
          const ask = { licenseKey: key, machineFingerprint: "fp-m1", token: tokens[1] };
          expect((await world.call("heartbeat", ask)).status).toBe(200);
        }
        return page;
      },
      transaction: world.store.transaction.bind(world.store),
    }),
  };
  expect(await expireFloatingSessions(deps, { maxSeats: 100 })).toEqual({ freed: 1, more: false });
  expect((await licenseOf(world, key)).seatsUsed).toBe(1);
  const live = await world.store.count(activations, "seats", { range: { gt: world.clock.now() } });
  expect(live).toBe(1);
});

test("runs that overlap free each seat once", async () => {
  const { key } = await pool(5);
  await pool(5);
  world.clock.advance(15 * MINUTE);
  const runs = await Promise.all([run(), run(), run()]);
  expect(runs.reduce((sum, { freed }) => sum + freed, 0)).toBe(10);
  expect((await licenseOf(world, key)).seatsUsed).toBe(0);
});
