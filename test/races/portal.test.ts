import { endUsers } from "../../functions/src/store/collections.ts";
import { licenseOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import {
  atPortal,
  type Customer,
  claim,
  customer,
  dataOf,
  openGecko,
  openPortal,
  type Portal,
  portalLicense,
} from "../support/portal.ts";
import type { Json, Reply, World } from "../support/world.ts";

describe.each(useEngines())("$name: customers of the portal, all at once", (engine) => {
  let world: World;
  let portal: Portal;
  beforeEach(async () => {
    world = await openGecko({ store: engine.open() });
    portal = await openPortal(world);
  });
  afterEach(() => world.close());

  /** The answer, once the store is not busy. */
  async function patient(ask: () => Promise<Reply>): Promise<Reply> {
    for (;;) {
      const reply = await ask();
      if (reply.status !== 503 || engine.retries === 0) return reply;
    }
  }
  const together = (count: number, ask: (index: number) => Promise<Reply>) =>
    Promise.all(Array.from({ length: count }, (_, index) => patient(() => ask(index))));
  const ok = (all: readonly Reply[]) => all.filter(({ status }) => status === 200);

  test("of 50 resets with one left, one is made", async () => {
    const who = await customer(world, portal);
    const resetBudget = { hwid: { max: 1, cooldownHours: 0 } };
    const { licenseId, licenseKey } = await portalLicense(world, portal, {
      policyOverride: { v: 1, limits: { resetBudget } },
    });
    await claim(world, who, portal, licenseKey);
    const all = await together(50, () =>
      atPortal(world, who, `POST licenses/${licenseId}/reset-hwid`),
    );
    expect(ok(all)).toHaveLength(1);
    const others = all.filter(({ status }) => status !== 200);
    expect(others.map(({ body }) => (body["error"] as Json)["code"])).toEqual(
      Array(49).fill("LIMIT_REACHED"),
    );
    expect((await licenseOf(world, licenseKey)).authorization?.hwidResets.count).toBe(1);
  }, 60_000);

  test("of ten customers who claim one license, one has it, and it is counted once", async () => {
    const { licenseKey } = await portalLicense(world, portal);
    const people: Customer[] = [];
    for (let index = 0; index < 10; index++) {
      people.push(await customer(world, portal, `${index}@example.com`));
    }
    const all = await together(10, (index) =>
      claim(world, people[index] as Customer, portal, licenseKey),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    const stored = await world.store.getMany(
      endUsers,
      people.map(({ id }) => id),
    );
    const holders = stored.filter((one) => one?.productIds.length);
    const { endUserId, email } = await licenseOf(world, licenseKey);
    expect(holders.map((one) => [one?.id, one?.email, one?.licenseCounts])).toEqual([
      [endUserId, email, { [portal.key.productId]: 1 }],
    ]);
  }, 60_000);

  test("of ten who register one user name, one has it; of twenty logouts none is lost", async () => {
    const body = (index: number) => ({
      ...{ orgSlug: portal.slug, email: `${index}@example.com`, username: "ann" },
      password: "correct horse battery",
    });
    const made = await together(10, (index) =>
      atPortal(world, undefined, "POST auth/register", { body: body(index) }),
    );
    expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    const index = made.findIndex(({ status }) => status === 201);
    const { password, email } = body(index);
    const login = { orgSlug: portal.slug, email, password };
    const logins = await together(20, () =>
      atPortal(world, undefined, "POST auth/login", { body: login }),
    );
    const people = logins.map((reply) => ({
      ...{ id: "", email, token: String(dataOf(reply)["token"]) },
    }));
    await together(20, (at) => atPortal(world, people[at], "POST auth/logout"));
    const after = await together(20, (at) => atPortal(world, people[at], "GET me"));
    expect(after.map(({ status }) => status)).toEqual(Array(20).fill(401));
  }, 60_000);
});
