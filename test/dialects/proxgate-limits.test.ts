import { PLANS, type Plan, requestsPerMinute } from "../../functions/src/core/plans.ts";
import { takePlanned } from "../../functions/src/operations/accounts/take-planned.ts";
import { collections, licenses } from "../../functions/src/store/collections.ts";
import {
  type DocumentStore,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";
import { metered } from "../../functions/src/store/metered.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { auditOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import { ask, proxgateKey } from "../support/proxgate.ts";
import { HOUR, type Json, MINUTE, openWorld, type Reply, type World } from "../support/world.ts";

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close().catch(() => undefined);
});
async function open(store?: DocumentStore): Promise<World> {
  const world = await openWorld(store ? { store } : {});
  opened.push(world);
  return world;
}

const setPlan = (world: World, plan: Plan, creatorId = "default") =>
  world.admin("updateAccount", { creatorId, plan });
const limits = ({ headers }: Reply) =>
  ["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}`));

test("429 the 101st request of a minute on the Start plan, over all keys of the account", async () => {
  const world = await open();
  const keys = [await proxgateKey(world), await proxgateKey(world)] as const;
  const license_key = await world.license();
  const ends = String((world.clock.now() + MINUTE) / 1000);
  for (let sent = 1; sent <= 100; sent++) {
    const reply = await ask(world, keys[sent % 2 === 0 ? 0 : 1], "licenses/validate", {
      license_key,
    });
    expect([reply.status, ...limits(reply)]).toEqual([200, "100", String(100 - sent), ends]);
  }
  world.clock.advance(20_500);
  const over = await ask(world, keys[0], "licenses/validate", { license_key });
  expect(over).toMatchObject({
    status: 429,
    body: { success: false, valid: false, code: "RATE_LIMITED", error: expect.any(String) },
  });
  expect([...limits(over), over.headers.get("retry-after")]).toEqual(["100", "0", ends, "40"]);
  const other = await proxgateKey(world, { creatorId: "other" });
  expect((await ask(world, other, "licenses/validate", { license_key })).status).toBe(404);
  world.clock.advance(39_500);
  expect((await ask(world, keys[1], "licenses/validate", { license_key })).status).toBe(200);
});

test("every answer to a known key says the limit: 200, 400, 403, 404, 429 and 500", async () => {
  const world = await open();
  const scopeless = await proxgateKey(world, { scopes: ["wordpress:write"] });
  const key = await proxgateKey(world);
  const license_key = await world.license();
  const statuses: [string, Json, number][] = [
    [key, { license_key }, 200],
    [key, {}, 400],
    [scopeless, { license_key }, 403],
    [key, { license_key: "nowhere" }, 404],
  ];
  for (const [index, [as, body, status]] of statuses.entries()) {
    const reply = await ask(world, as, "licenses/validate", body);
    expect([reply.status, ...limits(reply).slice(0, 2)]).toEqual([
      status,
      "100",
      String(99 - index),
    ]);
  }
  const get = world.store.get.bind(world.store);
  const broken = jest.spyOn(world.store, "get").mockImplementation((collection, id) => {
    if ((collection as unknown) === licenses) throw new Error("broken");
    return get(collection, id);
  });
  const fault = await ask(world, key, "licenses/validate", { license_key });
  broken.mockRestore();
  expect(fault).toMatchObject({ status: 500, body: { valid: false, code: "INTERNAL_ERROR" } });
  expect(limits(fault).slice(0, 2)).toEqual(["100", "95"]);
});

test("401 counts for nothing, and the plan is the account's", async () => {
  const world = await open();
  const key = await proxgateKey(world, { creatorId: "studio" });
  for (let sent = 0; sent < 20; sent++) await ask(world, `${key}0`, "licenses/validate", {});
  const first = await ask(world, key, "licenses/validate", {});
  expect(limits(first).slice(0, 2)).toEqual(["100", "99"]);
  await setPlan(world, "pro", "studio");
  world.clock.advance(MINUTE);
  expect(limits(await ask(world, key, "licenses/validate", {}))[0]).toBe("1000");
});

test("429 an address that tries keys, before anything is read", async () => {
  const world = await open();
  await setPlan(world, "enterprise");
  const key = await proxgateKey(world);
  for (let sent = 0; sent < 300; sent++) {
    await ask(world, key, "licenses/validate", { license_key: `guess-${sent}` });
  }
  const blocked = await ask(world, key, "licenses/validate", { license_key: "guess" });
  expect(blocked).toMatchObject({ status: 429, body: { valid: false, code: "RATE_LIMITED" } });
  expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(world.touched().reads).toBe(0);
});

describe("updateAccount and getAccount", () => {
  test("make an account, change its plan once, and write that down", async () => {
    const world = await open();
    const account = { creatorId: "studio", plan: "pro", requestsPerMinute: 1_000 };
    expect((await setPlan(world, "pro", "studio"))["account"]).toMatchObject(account);
    world.clock.advance(HOUR);
    await setPlan(world, "pro", "studio");
    await setPlan(world, "start", "studio");
    const got = await world.admin("getAccount", { creatorId: "studio" });
    expect(got["account"]).toMatchObject({ plan: "start", requestsPerMinute: 100 });
    const changes = (await auditOf(world, "studio")).map(({ before, after }) => [before, after]);
    expect(changes).toEqual([
      [{ plan: "pro" }, { plan: "start" }],
      [null, expect.objectContaining({ plan: "pro" })],
    ]);
  });

  test("leave what the account has besides", async () => {
    const world = await open();
    const url = "https://a.example.com/hook";
    await world.admin("createWebhookEndpoint", { url, events: ["*"], creatorId: "studio" });
    await setPlan(world, "enterprise", "studio");
    await world.admin("createWebhookEndpoint", { url, events: ["*"], creatorId: "studio" });
    const { account } = await world.admin("getAccount", { creatorId: "studio" });
    expect(account).toMatchObject({ plan: "enterprise" });
  });

  test("404 an account that has nothing; 400 a plan that is none", async () => {
    const world = await open();
    const headers = { "x-admin-secret": "test-admin-secret" };
    expect(await world.call("getAccount", { creatorId: "nobody" }, { headers })).toMatchObject({
      status: 404,
      body: { code: "ACCOUNT_NOT_FOUND" },
    });
    const wrong = { creatorId: "studio", plan: "free" };
    expect(await world.call("updateAccount", wrong, { headers })).toMatchObject({
      status: 400,
      body: { details: [{ field: "plan" }] },
    });
  });
});

test.each(["start", "pro"] as const)(
  "two servers on one store, hammered together on %s: no more than the plan, a write for ten",
  async (plan) => {
    const store = openSqliteStore({ path: ":memory:", collections });
    const servers = [await open(store), await open(store)] as const;
    await setPlan(servers[0], plan);
    const key = await proxgateKey(servers[0]);
    const license_key = await servers[0].license();
    const perMinute = requestsPerMinute(plan);
    const statuses: number[] = [];
    let left = Math.ceil(perMinute * 1.3);
    const hammer = async (server: World) => {
      while (left-- > 0) {
        statuses.push((await ask(server, key, "licenses/validate", { license_key })).status);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, n) => hammer(servers[n % 2 === 0 ? 0 : 1])));
    const through = statuses.filter((status) => status === 200).length;
    expect(through).toBeGreaterThanOrEqual(perMinute * 0.9);
    expect(through).toBeLessThanOrEqual(perMinute);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    // Besides it each server notes the first use of the key.
    const calls = servers.flatMap(({ logs }) => logs.filter(({ route }) => route !== undefined));
    const writes = calls.reduce((sum, entry) => sum + Number(entry["writes"]), 0);
    expect(writes - servers.length).toBeLessThanOrEqual(perMinute / 10);
  },
  60_000,
);

describe.each(useEngines())("on $name", ({ open: openStore }) => {
  test.each(PLANS)(
    "of 1.5 times the plan %s two servers let through the plan, at a write for ten or fewer",
    async (plan) => {
      const engine = openStore();
      const { store, meter } = metered(engine);
      const servers = [await open(engine), await open(engine)] as const;
      await setPlan(servers[0], plan);
      const perMinute = requestsPerMinute(plan);
      const take = async (server: World): Promise<boolean> => {
        for (;;) {
          try {
            return (await takePlanned({ ...server.deps, store }, "default")).ok;
          } catch (error) {
            if (!(error instanceof StoreUnavailableError)) throw error;
          }
        }
      };
      let through = 0;
      for (let lot = 0; lot < 150; lot++) {
        const lotOf = Array.from({ length: perMinute / 100 }, (_, n) => servers[(lot + n) % 2]);
        const taken = await Promise.all(lotOf.map((server) => server && take(server)));
        through += taken.filter(Boolean).length;
      }
      expect(through).toBe(perMinute);
      expect(meter.writes).toBeLessThanOrEqual(perMinute / 10);
    },
    60_000,
  );
});
