import { accounts, memberships, products } from "../../functions/src/store/collections.ts";
import {
  as,
  auth,
  colleague,
  dataOf,
  inviteTokens,
  openGecko,
  org,
  type Person,
  person,
} from "../support/dashboard.ts";
import { useEngines } from "../support/engines.ts";
import { addProduct } from "../support/plans.ts";
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

  const OWNERS = 5;
  /** Owners of an organization, the first of which made it. */
  async function ownersOf(orgId: string): Promise<Person[]> {
    const others = Array.from({ length: OWNERS - 1 }, (_, index) => `owner-${index}`);
    const made = others.map((name) => colleague(world, orgId, "OWNER", name));
    return [you, ...(await Promise.all(made))];
  }
  const ownersIn = async (orgId: string) => {
    const equal = { accountId: orgId };
    const { items } = await world.store.query(memberships, "byAccount", { equal, limit: 99 });
    const holders = items.filter(({ role }) => role === "OWNER");
    expect((await world.store.get(accounts, orgId))?.owners).toBe(holders.length);
    return holders.length;
  };

  test("50 demotions, removals and farewells among five owners leave exactly one", async () => {
    const orgId = await org(world, you);
    const people = await ownersOf(orgId);
    const members = `/v1/dashboard/orgs/${orgId}/members`;
    // Every owner tries to step down, so that two cannot both be left.
    const all = await together(50, (index) => {
      const who = people[index % OWNERS];
      const whom = people[(index + Math.floor(index / OWNERS)) % OWNERS];
      return index % 4 === 3
        ? as(world, who, `DELETE ${members}/${whom?.userId}`)
        : as(world, who, `PATCH ${members}/${whom?.userId}`, { body: { role: "ADMIN" } });
    });
    for (const { status } of all) expect([200, 403, 404, 409]).toContain(status);
    expect(await ownersIn(orgId)).toBe(1);
    expect(world.logs.filter(({ severity }) => severity === "ERROR")).toEqual([]);
  });

  test("50 transfers, farewells and demotions at once never leave none, and the count is right", async () => {
    const orgId = await org(world, you);
    const people = await ownersOf(orgId);
    const path = `/v1/dashboard/orgs/${orgId}`;
    const all = await together(50, (index) => {
      const who = people[index % OWNERS];
      const { userId } = people[(index + 1 + (index % 3)) % OWNERS] ?? you;
      if (index % 5 === 1) return as(world, who, `DELETE ${path}/members/${who?.userId}`);
      return index % 5 === 2
        ? as(world, who, `PATCH ${path}/members/${userId}`, { body: { role: "DEV" } })
        : as(world, who, `POST ${path}/transfer-ownership`, { body: { newOwnerId: userId } });
    });
    for (const { status } of all) expect([200, 403, 404, 409]).toContain(status);
    expect(await ownersIn(orgId)).toBeGreaterThan(0);
  });

  test("an invite lets in once, though it is accepted 20 times at once; invited at once, an address has one", async () => {
    const orgId = await org(world, you);
    const path = `/v1/dashboard/orgs/${orgId}/invites`;
    const body = { email: "new@example.com", role: "OWNER" };
    const made = await together(8, () => as(world, you, `POST ${path}`, { body }));
    expect(made.map(({ status }) => status).sort()).toEqual([...Array(5).fill(201), 429, 429, 429]);
    const pending = dataOf(await as(world, you, `GET ${path}`))["invites"] as Json[];
    expect(pending).toHaveLength(1);
    const invited = await person(world, "new@example.com");
    const tokens = await inviteTokens(world, "new@example.com");
    const all = await together(20, (index) => {
      const sent = { body: { token: tokens[index % 5] } };
      return as(world, invited, "POST /v1/dashboard/invites/accept", sent);
    });
    const statuses = all.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(19).fill(410)]);
    expect(await ownersIn(orgId)).toBe(2);
  });

  test("an organization that is deleted while invites to it are accepted keeps no members", async () => {
    const orgId = await org(world, you);
    const names = ["a", "b", "c", "d", "e", "f"].map((name) => `${name}@example.com`);
    const path = `/v1/dashboard/orgs/${orgId}`;
    for (const email of names) {
      await patient(() =>
        as(world, you, `POST ${path}/invites`, { body: { email, role: "ADMIN" } }),
      );
    }
    const people = await Promise.all(names.map((email) => person(world, email)));
    const tokens = await Promise.all(names.map((email) => inviteTokens(world, email)));
    const all = await together(7, (index) => {
      const body = { token: tokens[index]?.[0] };
      return index === 6
        ? as(world, you, `DELETE ${path}`)
        : as(world, people[index], "POST /v1/dashboard/invites/accept", { body });
    });
    expect(all[6]?.status).toBe(200);
    for (const { status } of all) expect([200, 404, 410]).toContain(status);
    const equal = { accountId: orgId };
    const left = await world.store.query(memberships, "byAccount", { equal, limit: 9 });
    expect(left.items).toEqual([]);
  });

  test("of 25 endpoints made for a product at once there are ten", async () => {
    const productId = await addProduct(world, await org(world, you), "prod_raced");
    const path = `/v1/dashboard/webhooks/products/${productId}`;
    const body = { url: "https://hooks.example.com/", events: ["*"] };
    const all = await together(25, () => as(world, you, `POST ${path}`, { body }));
    const statuses = all.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(10).fill(201), ...Array(15).fill(409)]);
    expect((await world.store.get(products, productId))?.webhookEndpoints).toBe(10);
    const listed = dataOf(await as(world, you, `GET ${path}`, { query: { pageSize: "4" } }));
    expect(listed).toMatchObject({ pagination: { total: 10, totalPages: 3 } });
  });

  test("of 20 changes and revocations of a key at once, none brings it back", async () => {
    const productId = await addProduct(world, await org(world, you), "prod_raced");
    const keys = "/v1/dashboard/api-keys";
    const made = await as(world, you, `POST ${keys}`, { body: { productId, name: "raced" } });
    const { id } = dataOf(made)["apiKey"] as Json;
    const all = await together(20, (index) => {
      if (index % 4 === 0) return as(world, you, `POST ${keys}/${id}/rotate`);
      const body = { name: `name ${index}` };
      return index === 10
        ? as(world, you, `POST ${keys}/${id}/revoke`)
        : as(world, you, `PATCH ${keys}/${id}`, { body });
    });
    for (const { status } of all) expect([200, 409]).toContain(status);
    expect(all[10]?.status).toBe(200);
    const listed = await as(world, you, `GET ${keys}`, { query: { productId } });
    const shown = dataOf(listed)["apiKeys"] as Json[];
    expect(shown).toMatchObject([{ id, revokedAt: expect.any(String) }]);
  });
});
