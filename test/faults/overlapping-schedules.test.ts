import { expireFloatingSessions } from "../../functions/src/operations/activations/expire-floating-sessions.ts";
import { expireDue } from "../../functions/src/operations/licenses/expire-due.ts";
import { suspendDue } from "../../functions/src/operations/licenses/suspend-due.ts";
import { outbox } from "../../functions/src/store/collections.ts";
import { changeLicense, countedOf, licenseOf } from "../support/change-license.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { DAY, MINUTE, machine, openWorld, type World } from "../support/world.ts";

const LICENSES = 12;
const SEATS = 4;

describe.each(useEngines())("$name: each schedule twice at once does its work once", (engine) => {
  let world: World;
  let keys: string[];
  beforeEach(async () => {
    world = await openWorld({ store: engine.open() });
    keys = [];
    for (let each = 0; each < LICENSES; each++) {
      keys.push(await world.license({ licenseType: "floating", maxConcurrent: SEATS }));
    }
  });
  afterEach(() => world.close());

  const twice = <R>(run: () => Promise<R>) => Promise.all([patiently(run), patiently(run)]);
  const told = async (type: string) => {
    const { items } = await world.store.query(outbox, "oldest", { limit: 500 });
    return items.filter((event) => event.type === type).map(({ licenseId }) => licenseId);
  };

  test("expireFloatingSessions", async () => {
    for (const key of keys.slice(0, 4)) {
      for (let seat = 0; seat < SEATS; seat++)
        await world.call("activate", machine(key, `m${seat}`));
    }
    world.clock.advance(15 * MINUTE);
    const runs = await twice(() => expireFloatingSessions(world.deps, { maxSeats: 1_000 }));
    expect(runs.reduce((sum, { freed }) => sum + freed, 0)).toBe(4 * SEATS);
    for (const key of keys) {
      expect(await countedOf(world, key)).toMatchObject({ seatsUsed: 0, seats: 0 });
    }
  });

  test("expireLicenses", async () => {
    for (const key of keys) {
      const expiresAt = world.clock.now() + DAY;
      await changeLicense(world, key, { expiresAt, tellExpiryAt: expiresAt });
    }
    world.clock.advance(2 * DAY);
    const runs = await twice(() => expireDue(world.deps, { maxLicenses: 1_000 }));
    expect(runs.reduce((sum, { settled }) => sum + settled, 0)).toBe(LICENSES);
    const ids = await told("license.expired");
    expect(ids).toHaveLength(LICENSES);
    expect(new Set(ids).size).toBe(LICENSES);
  });

  test("suspendLicenses", async () => {
    for (const key of keys) {
      await changeLicense(world, key, {
        status: "degraded",
        threatLevel: 3,
        suspendsAt: world.clock.now(),
      });
    }
    const runs = await twice(() => suspendDue(world.deps, { maxLicenses: 1_000 }));
    expect(runs.reduce((sum, { settled }) => sum + settled, 0)).toBe(LICENSES);
    for (const key of keys) {
      expect(await licenseOf(world, key)).toMatchObject({ status: "suspended", suspendsAt: null });
    }
    const ids = await told("license.suspended");
    expect(new Set(ids).size).toBe(ids.length);
  });
});
