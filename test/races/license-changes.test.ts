import { countedOf, crowd, licenseOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import { ADMIN_SECRET, type Json, machine, openWorld, type World } from "../support/world.ts";

const headers = { "x-admin-secret": ADMIN_SECRET };

describe.each(useEngines())("$name: a license changed while machines come and go", (engine) => {
  let world: World;
  beforeEach(async () => {
    const settings = { activationAttemptsPerHour: 100_000 };
    world = await openWorld({ store: engine.open(), settings });
  });
  afterEach(() => world.close());

  /** The answer, once the store is not busy. */
  async function ask(name: string, body: Json) {
    for (let left = engine.retries; ; left--) {
      const reply = await world.call(name, body, { headers });
      if (reply.status !== 503 || left === 0) return reply;
    }
  }

  /** Machines come and some of them go, all at once, beside what `among` does. */
  const traffic = (key: string, machines: number) =>
    Array.from({ length: machines }, async (_, index) => {
      const reply = await ask("activate", machine(key, `m${index}`));
      if (reply.status === 200 && index % 3 === 0) {
        await ask("deactivate", machine(key, `m${index}`));
      }
      return reply.status;
    });

  test.each([
    ["machines", { maxMachines: -1 }, "maxMachines"],
    ["seats", { licenseType: "floating", maxConcurrent: -1 }, "maxConcurrent"],
  ])("a limit on %s switched on, off and on keeps the count right", async (_, terms, limit) => {
    const key = await world.license(terms);
    const seatExpiresAt = limit === "maxConcurrent" ? world.clock.now() + 60_000 : null;
    await crowd(world, key, { count: 30, seatExpiresAt });
    const switches = async () => {
      for (const slots of [40, -1, 35]) {
        const change = { licenseKey: key, [limit]: slots };
        expect(await ask("updateLicense", change)).toMatchObject({ status: 200 });
      }
    };
    const statuses = await Promise.all([...traffic(key, 40), switches()]);
    expect(new Set(statuses)).not.toContain(503);
    const { machinesUsed, seatsUsed, activations, seats } = await countedOf(world, key);
    if (limit === "maxMachines") expect(machinesUsed).toBe(activations);
    else expect(seatsUsed).toBe(seats);
    expect(await licenseOf(world, key)).toMatchObject({ [limit]: 35, countAhead: false });
  });

  test("two who set different limits at once: one of them stands, and is exact", async () => {
    const key = await world.license({ maxMachines: -1 });
    await crowd(world, key, { count: 30 });
    const limits = [31, 33, 35].map((maxMachines) =>
      ask("updateLicense", { licenseKey: key, maxMachines }),
    );
    const replies = await Promise.all([...limits, ...traffic(key, 20)]);
    expect(replies.slice(0, 3)).toMatchObject([{ status: 200 }, { status: 200 }, { status: 200 }]);
    const { machinesUsed, activations } = await countedOf(world, key);
    expect(machinesUsed).toBe(activations);
  });

  test("a reset leaves a counter of what is left", async () => {
    const key = await world.license({ maxMachines: 40 });
    for (let index = 0; index < 20; index++) await ask("activate", machine(key, `old${index}`));
    const reset = ask("resetActivations", { licenseKey: key });
    await Promise.all([reset, ...traffic(key, 20)]);
    expect((await reset).body["deletedCount"]).toBeGreaterThanOrEqual(20);
    const { machinesUsed, activations } = await countedOf(world, key);
    expect(machinesUsed).toBe(activations);
  });

  test("of parallel rotations one wins, and no license is lost or doubled", async () => {
    const key = await world.license();
    const { id } = await licenseOf(world, key);
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => ask("rotateLicenseKey", { licenseKey: key })),
    );
    const won = replies.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 404)).toHaveLength(7);
    expect((await licenseOf(world, String(won[0]?.body["licenseKey"]))).id).toBe(id);
    await expect(licenseOf(world, key)).rejects.toThrow("no such license");
  });

  test("a rotation among activations loses no slot and brings the old key not back", async () => {
    const key = await world.license({ maxMachines: 10 });
    const [rotated, ...statuses] = await Promise.all([
      ask("rotateLicenseKey", { licenseKey: key }),
      ...Array.from({ length: 30 }, async (_, index) => {
        const reply = await ask("activate", machine(key, `m${index}`));
        return reply.status;
      }),
    ]);
    expect(rotated?.status).toBe(200);
    const admitted = statuses.filter((status) => status === 200).length;
    expect(statuses.every((status) => [200, 403, 404].includes(status))).toBe(true);
    await expect(licenseOf(world, key)).rejects.toThrow("no such license");
    const now = String(rotated?.body["licenseKey"]);
    expect(await countedOf(world, now)).toMatchObject({
      machinesUsed: admitted,
      activations: admitted,
    });
  });
});
