import { derivedId } from "../../functions/src/crypto/vault.ts";
import { idempotencyRecords } from "../../functions/src/store/collections.ts";
import { StoreUnavailableError } from "../../functions/src/store/document-store.ts";
import { licenseOf } from "../support/change-license.ts";
import {
  ADMIN_SECRET,
  type CallOptions,
  DAY,
  type Json,
  machine,
  openWorld,
  send,
  type World,
} from "../support/world.ts";

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

/** Lets the next transaction run, undoes it, and runs it again after what comes in between. */
function undoOnce(between: () => Promise<unknown>): void {
  const { store } = world.deps;
  const transaction = store.transaction.bind(store);
  store.transaction = async (body) => {
    store.transaction = transaction;
    const undone = new Error("conflict");
    await expect(
      transaction(async (tx) => {
        await body(tx);
        throw undone;
      }),
    ).rejects.toBe(undone);
    await between();
    return transaction(body);
  };
}

/** Holds the next use of that method on the records of keys; resolves when it has come to it. */
function hold(method: "get" | "commit") {
  const { store } = world.deps;
  const plain = store[method].bind(store) as (...args: unknown[]) => Promise<unknown>;
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const held = async (...args: unknown[]) => {
    Object.assign(store, { [method]: plain });
    const done = method === "get" ? await plain(...args) : undefined;
    reached.resolve();
    await released.promise;
    return method === "get" ? done : plain(...args);
  };
  Object.assign(store, { [method]: held });
  return { reached: reached.promise, release: () => released.resolve() };
}

/** `world.call` waits for the requests that are held. */
const direct = (name: string, body: Json, options: CallOptions = {}) =>
  send(world.url, name, body, options);

test("a transaction that a conflict undid has no outcome: a copy is not told of it", async () => {
  const key = await world.license({ maxMachines: 1 });
  const headers = { "idempotency-key": "start" };
  const ask = () => direct("activate", machine(key, "a"), { headers });
  const looked = hold("get");
  const copy = ask();
  await looked.reached;
  undoOnce(() => direct("activate", machine(key, "b")));
  expect(await ask()).toMatchObject({ status: 403, body: { code: "MACHINE_LIMIT_REACHED" } });
  looked.release();
  expect(await copy).toMatchObject({ status: 403, body: { code: "MACHINE_LIMIT_REACHED" } });
});

test("a refusal that comes late does not take the place of what a copy of it has made", async () => {
  const key = await world.license({ maxMachines: 1 });
  await direct("activate", machine(key, "b"));
  const headers = { "idempotency-key": "start" };
  const ask = () => direct("activate", machine(key, "a"), { headers });
  const refused = hold("commit");
  const late = ask();
  await refused.reached;
  await direct("deactivate", machine(key, "b"));
  const made = await ask();
  expect(made.status).toBe(200);
  refused.release();
  expect(await late).toMatchObject({ status: 200, body: made.body });
  expect(await ask()).toMatchObject({ status: 200, body: made.body });
});

test("what is kept of an answer is sealed", async () => {
  const { body } = await world.call("createApiKey", { name: "k" }, as("key-1"));
  const id = derivedId("idempotency", "createApiKey", "_service", "key-1");
  const record = await world.store.get(idempotencyRecords, id);
  expect(record?.answerSealed).toBeTruthy();
  expect(JSON.stringify(record)).not.toContain(String(body["apiKey"]));
});
