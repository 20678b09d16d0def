import { StoreUnavailableError } from "../../functions/src/store/document-store.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, openGecko, UNLIMITED } from "../support/geckoguard.ts";
import { openWorld, type World } from "../support/world.ts";

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close().catch(() => undefined);
});
async function open(options: Parameters<typeof openGecko>[0], as = openGecko): Promise<World> {
  const world = await as(options);
  opened.push(world);
  return world;
}

describe.each(useEngines())("on $name", ({ open: openStore }) => {
  test.each<[keyof typeof UNLIMITED, number]>([
    ["anonymous", 60],
    ["address", 120],
    ["key", 60],
    ["product", 120],
  ])("two servers let through at most a tenth more than %s's %i", async (bucket, limit) => {
    const store = openStore();
    const settings = { geckoguardPerMinute: { ...UNLIMITED, [bucket]: limit } };
    const one = await open({ store, settings });
    const two = await open({ store, settings });
    const [route, key] =
      bucket === "anonymous" ? ["GET /v1/status"] : ["GET /v1/whoami", await geckoKey(one)];
    const asked = Array.from({ length: limit * 2 }, (_, call) =>
      geckoCall(call % 2 === 0 ? one : two, String(route), key),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    const through = statuses.filter((status) => status === 200).length;
    expect(through).toBeGreaterThanOrEqual(limit);
    expect(through).toBeLessThanOrEqual(limit * 1.1);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });

  test("of eight equal requests at once under one Idempotency-Key one makes a key", async () => {
    const world = await open({ store: openStore(), bootstrapToken: "token" });
    const { productId, apiKey } = await geckoKey(world);
    const headers = { "x-admin-token": "token", "idempotency-key": "first" };
    const ask = { headers, body: { productId, name: "bot" } };
    const make = () =>
      patiently(async () => {
        const reply = await geckoCall(world, "POST /v1/api-keys", undefined, ask);
        if (reply.status === 503) throw new StoreUnavailableError("busy");
        return reply;
      });
    const replies = await Promise.all(Array.from({ length: 8 }, make));
    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const route = `GET /v1/products/${productId}/api-keys`;
    const { body } = await geckoCall(world, route, { apiKey });
    expect(body["data"]).toMatchObject({ pagination: { total: 2 } });
  });
});

test("a minute of a busy key costs a read for each call and a document for four", async () => {
  const world = await open({}, openWorld);
  const owner = await geckoKey(world);
  world.logs.length = 0;
  for (let call = 0; call < 120; call++) {
    expect((await geckoCall(world, "GET /v1/whoami", owner)).status).toBe(200);
  }
  const sum = (of: "reads" | "writes") =>
    world.logs.reduce((total, entry) => total + Number(entry[of]), 0);
  expect(sum("reads")).toBeLessThanOrEqual(120 + 34);
  expect(sum("writes")).toBeLessThanOrEqual(34);
});
