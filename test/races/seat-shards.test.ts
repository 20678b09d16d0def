import { shardIdsOf } from "../../functions/src/operations/activations/seat-counter.ts";
import { seatShards } from "../../functions/src/store/collections.ts";
import { countedOf, licenseOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import { raceForPool } from "../support/races.ts";
import { ADMIN_SECRET, type Json, machine, openWorld, send, type World } from "../support/world.ts";

const SEATS = 600;
const headers = { "x-admin-secret": ADMIN_SECRET };

describe.each(useEngines())("$name: a pool that is counted in shards", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ store: engine.open() });
  });
  afterEach(() => world.close());

  async function ask(name: string, body: Json) {
    for (let left = 20; ; left--) {
      const reply = await world.call(name, body, { headers });
      if (reply.status !== 503 || left === 0) return reply;
    }
  }
  const together = (callers: number, run: (caller: number) => Promise<unknown>) =>
    Promise.all(Array.from({ length: callers }, (_, caller) => run(caller)));

  test("gives exactly 600 of 1,000 parallel callers a seat, and counts them", async () => {
    const key = await raceForPool(
      [{ call: (...ask) => send(world.url, ...ask), admin: world.admin }],
      {
        retries: 20,
      },
    );
    const license = await licenseOf(world, key);
    expect(license.seatShards).toBe(3);
    expect(await countedOf(world, key)).toMatchObject({ activations: SEATS, seats: SEATS });
    const shards = await world.store.getMany(seatShards, shardIdsOf(license, 3));
    for (const shard of shards) expect(shard?.used).toBe(shard?.seats);
  }, 120_000);

  test("keeps its count while machines come and go and its limit is changed", async () => {
    const key = await world.license({ licenseType: "floating", maxConcurrent: SEATS });
    const limits = async () => {
      for (const maxConcurrent of [700, 650, -1, 620]) {
        expect((await ask("updateLicense", { licenseKey: key, maxConcurrent })).status).toBe(200);
      }
    };
    await Promise.all([
      limits(),
      together(200, async (caller) => {
        const reply = await ask("activate", machine(key, `m${caller % 120}`));
        expect(reply.status).toBe(200);
        if (caller % 3 === 0) await ask("deactivate", machine(key, `m${caller % 120}`));
      }),
    ]);
    // Whoever comes next deals the seats out under the last limit.
    expect((await ask("activate", machine(key, "last"))).status).toBe(200);
    const { seats } = await countedOf(world, key);
    expect(await world.admin("getLicense", { licenseKey: key })).toMatchObject({
      machinesUsed: seats,
    });
  });
});
