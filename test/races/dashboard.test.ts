import { accounts } from "../../functions/src/store/collections.ts";
import { as, auth, dataOf, openGecko, org, type Person, person } from "../support/dashboard.ts";
import { useEngines } from "../support/engines.ts";
import { ADMIN_SECRET, type Json, type Reply, type World } from "../support/world.ts";

describe.each(useEngines())("$name: people of the dashboard, all at once", (engine) => {
  let world: World;
  let you: Person;
  beforeEach(async () => {
    world = await openGecko({ store: engine.open() });
    you = await person(world);
  });
  afterEach(() => world.close());

  /** The answer, once the store is not busy. */
  async function patient(ask: () => Promise<Reply>): Promise<Reply> {
    for (let left = engine.retries; ; left--) {
      const reply = await ask();
      if (reply.status !== 503 || left === 0) return reply;
    }
  }
  const together = (count: number, ask: (index: number) => Promise<Reply>) =>
    Promise.all(Array.from({ length: count }, (_, index) => patient(() => ask(index))));

  test("50 refreshes of one token make one new token at most, and end the login", async () => {
    const { refreshToken } = you;
    const all = await together(50, () => auth(world, "refresh", { refreshToken }));
    const renewed = all.filter(({ status }) => status === 200);
    expect(renewed.length).toBeLessThanOrEqual(1);
    expect(all.filter(({ status }) => status === 401)).toHaveLength(50 - renewed.length);
    expect(world.logs.filter(({ severity }) => severity === "ERROR")).toEqual([]);
    for (const one of renewed) {
      const { tokens } = dataOf(one) as { tokens: Json };
      const next = await patient(() =>
        auth(world, "refresh", { refreshToken: tokens["refreshToken"] }),
      );
      expect(next.status).toBe(401);
    }
    expect((await patient(() => as(world, you, "GET /v1/dashboard/me"))).status).toBe(401);
  });

  test("of ten organizations that want one slug, one has it", async () => {
    const body = { name: "Mine", slug: "mine" };
    const all = await together(10, () => as(world, you, "POST /v1/dashboard/orgs", { body }));
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  test("of two owners who are demoted at once, one stays", async () => {
    const creatorId = await org(world, you);
    const { email } = await person(world, "other@example.com");
    await world.admin("addMember", { creatorId, email, role: "OWNER" });
    const headers = { "x-admin-secret": ADMIN_SECRET };
    const emails = [you.email, email];
    const all = await together(2, (index) =>
      world.call("addMember", { creatorId, email: emails[index], role: "DEV" }, { headers }),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await world.store.get(accounts, creatorId))?.owners).toBe(1);
  });
});
