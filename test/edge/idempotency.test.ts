import { derivedId } from "../../functions/src/crypto/vault.ts";
import { idempotencyRecords } from "../../functions/src/store/collections.ts";
import { StoreUnavailableError } from "../../functions/src/store/document-store.ts";
import { licenseOf } from "../support/change-license.ts";
import { ADMIN_SECRET, DAY, type Json, machine, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.license();
});
afterEach(() => world.close());

const order = { email: "a@example.com", productId: "prod_tools" };
const as = (key: string, more: Record<string, string> = {}) => ({
  headers: { "idempotency-key": key, "x-admin-secret": ADMIN_SECRET, ...more },
});
const create = (key: string, body: Json = order) => world.call("createLicense", body, as(key));

test("a retry gets the first answer and changes nothing", async () => {
  const first = await create("order-1");
  const again = await create("order-1");
  expect(again).toMatchObject({ status: 200, body: first.body });
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect((await create("order-2")).body).not.toEqual(first.body);
});

test("a refusal is an answer too", async () => {
  const missing = { ...order, productId: "prod_later" };
  expect((await create("order-1", missing)).status).toBe(404);
  await world.admin("createProduct", { name: "x", productId: "prod_later" });
  expect((await create("order-1", missing)).status).toBe(404);
});

test("20 copies at once make one license", async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, () => create("order-1")));
  expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(replies[0]?.status).toBe(200);
});

test("409 the key with another request", async () => {
  await create("order-1");
  expect(await create("order-1", { ...order, email: "b@example.com" })).toMatchObject({
    status: 409,
    body: { success: false, code: "IDEMPOTENCY_KEY_REUSED" },
  });
});

test("after 24 hours the key is new", async () => {
  const first = await create("order-1");
  world.clock.advance(DAY - 1);
  expect((await create("order-1")).body).toEqual(first.body);
  world.clock.advance(1);
  expect((await create("order-1")).body).not.toEqual(first.body);
});

test("400 a key that is no key", async () => {
  for (const key of ["", "a b", "x".repeat(256)]) {
    expect(await create(key)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("Idempotency-Key") },
    });
  }
});

test("accounts and licenses have keys of their own", async () => {
  const a = await world.admin("createApiKey", { name: "k", creatorId: "a" });
  const b = await world.admin("createApiKey", { name: "k", creatorId: "b" });
  const product = (apiKey: unknown) =>
    world.call("createProduct", { name: "x", apiKey }, { headers: { "idempotency-key": "1" } });
  expect((await product(a["apiKey"])).body).not.toEqual((await product(b["apiKey"])).body);
  const [one, two] = [await world.license(), await world.license()];
  const on = (key: string) =>
    world.call("activate", machine(key, "a"), { headers: { "idempotency-key": "1" } });
  expect((await on(one)).status).toBe(200);
  expect((await on(two)).status).toBe(200);
});

test("an account is not given the administrator's answers, whatever it is called", async () => {
  const first = await create("order-1");
  for (const creatorId of ["administrator", "service", "default"]) {
    const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId });
    const body = { ...order, apiKey };
    const reply = await world.call("createLicense", body, {
      headers: { "idempotency-key": "order-1" },
    });
    expect(reply.headers.get("idempotent-replayed")).toBeNull();
    expect(reply.body).not.toEqual(first.body);
  }
});

test("a replayed activation gives the same token and counts no attempt", async () => {
  const key = await world.license();
  const headers = { "idempotency-key": "start" };
  const first = await world.call("activate", machine(key, "a"), { headers });
  world.clock.advance(60_000);
  const again = await world.call("activate", machine(key, "a"), { headers });
  expect(again.body).toEqual(first.body);
  expect((await licenseOf(world, key)).attempts.count).toBe(1);
});

test("a limit is not remembered: the retry finds out for itself", async () => {
  const key = await world.license();
  for (let attempt = 1; attempt <= 15; attempt++) await world.call("activate", machine(key, "a"));
  const headers = { "idempotency-key": "late" };
  expect((await world.call("activate", machine(key, "a"), { headers })).status).toBe(429);
  world.clock.advance(3_600_000);
  expect((await world.call("activate", machine(key, "a"), { headers })).status).toBe(200);
});

test("a crash between the change and its answer: the retry answers and changes nothing more", async () => {
  const { store } = world.deps;
  const commit = store.commit.bind(store);
  store.commit = async () => {
    throw new StoreUnavailableError("gone");
  };
  const crashed = await create("order-1");
  expect(crashed).toMatchObject({ status: 503, body: { code: "STORE_UNAVAILABLE" } });
  expect(crashed.headers.get("retry-after")).toBe("1");
  store.commit = commit;
  const retried = await create("order-1");
  expect(retried.status).toBe(200);
  expect(retried.headers.get("idempotent-replayed")).toBe("true");
  const known = await world.call("getLicense", { licenseKey: retried.body["licenseKey"] }, as("x"));
  expect(known.status).toBe(200);
  expect((await create("order-1")).body).toEqual(retried.body);
});

test("what is kept of an answer is sealed", async () => {
  const { body } = await world.call("createApiKey", { name: "k" }, as("key-1"));
  const id = derivedId("idempotency", "createApiKey", "_service", "key-1");
  const record = await world.store.get(idempotencyRecords, id);
  expect(record?.answerSealed).toBeTruthy();
  expect(JSON.stringify(record)).not.toContain(String(body["apiKey"]));
});
