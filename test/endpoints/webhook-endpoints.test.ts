import type { Delivery, WebhookEndpoint } from "../../functions/src/core/webhooks.ts";
import type { SendEvent } from "../../functions/src/operations/webhooks/send-event.ts";
import {
  accounts,
  auditEntries,
  deliveries,
  webhookEndpoints,
} from "../../functions/src/store/collections.ts";
import { delivery } from "../support/records.ts";
import {
  ADMIN_SECRET,
  DAY,
  HOUR,
  type Json,
  NOW,
  openWorld,
  type World,
} from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.admin("createProduct", { name: "Tools", productId: "prod_tools" });
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const ask = (name: string, body: Json) => world.call(name, body, { headers });
const wanted = { url: "https://example.com/hooks", events: ["license.created"] };
async function create(more: Json = {}) {
  const made = await world.admin("createWebhookEndpoint", { ...wanted, ...more });
  const endpoint = made["endpoint"] as Json;
  return { endpoint, endpointId: String(endpoint["endpointId"]), secret: String(made["secret"]) };
}
const stored = async (endpointId: string) =>
  (await world.store.get(webhookEndpoints, endpointId)) as WebhookEndpoint;
const secretsOf = async (endpointId: string) =>
  (await stored(endpointId)).secrets.map(({ sealed, endsAt }) => [
    world.deps.vault.open("webhook", sealed),
    endsAt,
  ]);
const put = (record: Delivery) =>
  world.store.commit([{ kind: "set", collection: deliveries, record }]);
const uuid = (last: number) => `5f0c2c1e-0a1b-4c3d-8e5f-${String(last).padStart(12, "0")}`;

test("200 an endpoint has defaults, and its secret in no other answer", async () => {
  const { endpoint, endpointId, secret } = await create();
  expect(endpoint).toEqual({
    endpointId,
    ...wanted,
    description: "",
    format: "standard",
    productId: null,
    enabled: true,
    disabledReason: null,
    ordered: false,
    creatorId: "default",
    createdAt: "2026-11-20T09:00:00.000Z",
    updatedAt: "2026-11-20T09:00:00.000Z",
  });
  const listed = await world.admin("listWebhookEndpoints", {});
  expect(listed).toEqual({ success: true, endpoints: [endpoint], nextCursor: null });
  const told = await world.admin("updateWebhookEndpoint", { endpointId, description: "CRM" });
  const audited = await world.admin("listAuditLog", { targetId: endpointId });
  const document = await stored(endpointId);
  for (const text of [listed, told, audited, document, world.logs].map((it) =>
    JSON.stringify(it),
  )) {
    expect(text).not.toContain(secret);
  }
  expect(JSON.stringify(audited)).not.toContain(document.secrets[0]?.sealed);
  expect(await secretsOf(endpointId)).toEqual([[secret, null]]);
});

test.each([
  ["standard", /^whsec_[A-Za-z0-9+/]{43}=$/],
  ["proxgate", /^[\w-]{48}$/],
  ["geckoguard", /^whsec_[0-9a-f]{32}$/],
])("200 a secret of the format %s is as its receivers hold it", async (format, form) => {
  const first = await create({ format });
  expect(first.endpoint["format"]).toBe(format);
  expect(first.secret).toMatch(form);
  const next = await world.admin("rotateWebhookSecret", { endpointId: first.endpointId });
  expect(next["secret"]).toMatch(form);
  expect(next["secret"]).not.toBe(first.secret);
});

test("200 an endpoint of a product is of the product's account, and shows its handle", async () => {
  await world.admin("createProduct", { name: "B", productId: "prod_b", creatorId: "b" });
  const { endpoint } = await create({ productId: "prod_b" });
  expect(endpoint).toMatchObject({ productId: "prod_b", creatorId: "b" });
  expect(await ask("createWebhookEndpoint", { ...wanted, productId: "nowhere" })).toMatchObject({
    status: 404,
    body: { code: "PRODUCT_NOT_FOUND" },
  });
});

test.each([
  [{ events: [] }, "events: must name at least one event"],
  [{ events: "*" }, "events: must be a list of events"],
  [{ events: ["license.created", "license.eaten"] }, 'events.1: "license.eaten" is no event'],
  [{ events: undefined }, "events: "],
  [{ url: undefined }, "url: "],
  [{ format: "morse" }, "format: must be one of standard, proxgate, geckoguard"],
  [{ secret: "mine" }, "secret: "],
])("400 %j: %s", async (more, message) => {
  const reply = await ask("createWebhookEndpoint", { ...wanted, ...more });
  expect(reply).toMatchObject({ status: 400, body: { code: "INVALID_REQUEST" } });
  expect(reply.body["error"]).toContain(message);
});

const deployed = (allowLoopbackWebhooks: boolean) =>
  openWorld({ settings: { allowLoopbackWebhooks } });

test("400 a URL that is not safe to send to is refused when made and when changed, with the reason", async () => {
  const { endpointId } = await create();
  const refused = async (url: string) => {
    for (const [name, body] of [
      ["createWebhookEndpoint", { ...wanted, url }],
      ["updateWebhookEndpoint", { endpointId, url }],
    ] as const) {
      const reply = await ask(name, body);
      expect(reply).toMatchObject({ status: 400, body: { code: "WEBHOOK_URL_REFUSED" } });
      expect(reply.body["error"]).toMatch(/^url: \w/);
    }
  };
  for (const url of ["http://example.com/", "https://u:p@example.com/", "nowhere", "ftp://a.com/"])
    await refused(url);
  await refused("https://169.254.169.254/latest/meta-data");
  expect(await stored(endpointId)).toMatchObject({ url: wanted.url });
});

test("loopback is for the local server: 200 there, 400 deployed", async () => {
  const body = { ...wanted, url: "http://127.0.0.1:4000/hooks" };
  expect((await ask("createWebhookEndpoint", body)).status).toBe(200);
  const cloud = await deployed(false);
  expect(await cloud.call("createWebhookEndpoint", body, { headers })).toMatchObject({
    status: 400,
    body: { code: "WEBHOOK_URL_REFUSED" },
  });
  await cloud.close();
});

test("409 of 50 endpoints made at once an account gets 20; deleting one makes room for one", async () => {
  const many = await Promise.all(
    Array.from({ length: 50 }, () => ask("createWebhookEndpoint", wanted)),
  );
  expect(many.filter(({ status }) => status === 200)).toHaveLength(20);
  const refused = many.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ body }) => body["code"]))).toEqual(
    new Set(["WEBHOOK_ENDPOINTS_TOO_MANY"]),
  );
  expect(refused[0]?.status).toBe(409);
  await create({ creatorId: "another" });
  const made = many.find(({ status }) => status === 200)?.body["endpoint"] as Json;
  const { endpointId } = made;
  const gone = await Promise.all([1, 2, 3].map(() => ask("deleteWebhookEndpoint", { endpointId })));
  expect(gone.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
  expect(await world.store.get(accounts, "default")).toMatchObject({ webhookEndpoints: 19 });
  await create();
  expect((await ask("createWebhookEndpoint", wanted)).status).toBe(409);
  const listed = await world.admin("listWebhookEndpoints", { creatorId: "default" });
  expect(listed["endpoints"]).toHaveLength(20);
});

test("200 lists go page by page, newest first, and a page costs its own", async () => {
  const made: unknown[] = [];
  for (let index = 0; index < 5; index++) {
    made.unshift((await create({ description: `${index}` })).endpointId);
    world.clock.advance(1_000);
  }
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: "2", creatorId: "default", ...(cursor ? { cursor } : {}) };
    const { body } = await world.call("listWebhookEndpoints", undefined, {
      method: "GET",
      query,
      headers,
    });
    const page = body["endpoints"] as Json[];
    expect(world.touched()).toMatchObject({ reads: page.length, writes: 0 });
    seen.push(...page.map(({ endpointId }) => endpointId));
    cursor = body["nextCursor"] as string | undefined;
  } while (cursor);
  expect(seen).toEqual(made);
});

test("200 an update changes what is given, and enabling again clears why it was disabled", async () => {
  const { endpoint, endpointId } = await create();
  await world.store.commit([
    {
      kind: "update",
      collection: webhookEndpoints,
      id: endpointId,
      patch: { enabled: false, disabledReason: "answered 410" },
    },
  ]);
  const told = { enabled: false, disabledReason: "answered 410" };
  const change = { ordered: true, events: ["*", "*", "license.validated"], url: "https://b.com/" };
  world.clock.advance(1_000);
  const updatedAt = "2026-11-20T09:00:01.000Z";
  expect(await world.admin("updateWebhookEndpoint", { endpointId, ...change })).toMatchObject({
    endpoint: { ...endpoint, ...change, ...told, events: ["*", "license.validated"], updatedAt },
  });
  expect(await world.admin("updateWebhookEndpoint", { endpointId, enabled: true })).toMatchObject({
    endpoint: { enabled: true, disabledReason: null },
  });
  await world.admin("updateWebhookEndpoint", { endpointId, enabled: true });
  expect(world.touched().writes).toBe(0);
});

test("200 of two rotations the last two secrets are alive, and the older for 24 hours", async () => {
  const { endpointId, secret: first } = await create();
  const rotate = () => world.admin("rotateWebhookSecret", { endpointId });
  const { secret: second, ...answer } = await rotate();
  expect(answer).toEqual({ success: true, previousSecretEndsAt: "2026-11-21T09:00:00.000Z" });
  expect(await secretsOf(endpointId)).toEqual([
    [second, null],
    [first, NOW + DAY],
  ]);
  world.clock.advance(HOUR);
  const { secret: third } = await rotate();
  expect(await secretsOf(endpointId)).toEqual([
    [third, null],
    [second, NOW + HOUR + DAY],
  ]);
});

test("200 a format that signs once signs with the new secret alone, and the answer says so", async () => {
  const { endpointId } = await create({ format: "proxgate" });
  world.clock.advance(HOUR);
  const answer = await world.admin("rotateWebhookSecret", { endpointId });
  expect(answer).toMatchObject({ previousSecretEndsAt: "2026-11-20T10:00:00.000Z" });
  expect(await secretsOf(endpointId)).toEqual([[answer["secret"], null]]);
});

test("a retried rotation and a retried creation change nothing twice and answer the same secret", async () => {
  const again = { headers: { ...headers, "idempotency-key": "once" } };
  const make = () => world.call("createWebhookEndpoint", wanted, again);
  const made = await make();
  expect((await make()).body).toEqual(made.body);
  const { endpointId } = made.body["endpoint"] as { endpointId: string };
  const rotate = () => world.call("rotateWebhookSecret", { endpointId }, again);
  const [one, two] = [await rotate(), await rotate()];
  expect(two.body).toEqual(one.body);
  expect(await secretsOf(endpointId)).toEqual([
    [one.body["secret"], null],
    [made.body["secret"], NOW + DAY],
  ]);
  const { items } = await world.store.query(webhookEndpoints, "newest", { limit: 9 });
  expect(items).toHaveLength(1);
});

test("200 a ping goes out once, disabled or not, and its outcome is told and not kept", async () => {
  const { endpointId } = await create({ enabled: false, productId: "prod_tools" });
  const sent: Parameters<SendEvent>[] = [];
  const sendEvent: SendEvent = async (...message) => {
    sent.push(message);
    return { delivered: false, status: 302, error: "answered 302", durationMs: 8.4 };
  };
  Object.assign(world.deps, { sendEvent });
  expect(await world.admin("testWebhookEndpoint", { endpointId })).toEqual({
    success: true,
    delivered: false,
    status: 302,
    error: "answered 302",
    durationMs: 8,
  });
  const data = { endpointId, productId: "prod_tools" };
  expect(sent).toMatchObject([
    [{ id: endpointId }, { type: "test.ping", data, licenseId: null, occurredAt: NOW }],
  ]);
  expect(world.touched()).toMatchObject({ reads: 1, writes: 0 });
});

test("200 deliveries are listed newest first, by state where one is asked for", async () => {
  const { endpointId } = await create();
  const states = ["pending", "delivered", "failed"] as const;
  for (const [index, state] of states.entries()) {
    const dueAt = state === "pending" ? NOW + HOUR : null;
    await put(delivery({ id: uuid(index), endpointId, state, dueAt, createdAt: NOW + index }));
  }
  await put(delivery({ id: uuid(9), endpointId: uuid(8) }));
  const list = async (more: Json = {}) => {
    const { body } = await ask("listWebhookDeliveries", { endpointId, ...more });
    return body["deliveries"] as Json[];
  };
  expect((await list()).map(({ state }) => state)).toEqual(["failed", "delivered", "pending"]);
  expect(await list({ state: "pending" })).toEqual([
    {
      deliveryId: uuid(0),
      eventId: delivery().eventId,
      type: "license.revoked",
      state: "pending",
      attempts: 1,
      lastStatus: 500,
      error: "answered 500",
      durationMs: 12,
      nextAttemptAt: "2026-11-20T10:00:00.000Z",
      createdAt: "2026-11-20T09:00:00.000Z",
      updatedAt: "2026-11-20T09:00:00.000Z",
    },
  ]);
  expect(await list({ limit: 2 })).toHaveLength(2);
  // The endpoint that the list is of costs one.
  expect(world.touched()).toMatchObject({ reads: 3, writes: 0 });
  expect((await ask("listWebhookDeliveries", { endpointId: uuid(8) })).status).toBe(404);
});

test.each([
  ["delivered", 0],
  ["failed", 0],
  ["pending", 1],
] as const)(
  "200 a delivery that is %s is due now under its id, after %d attempts",
  async (state, attempts) => {
    const { endpointId } = await create();
    const before = delivery({ endpointId, state, dueAt: state === "pending" ? NOW + HOUR : null });
    await put(before);
    world.clock.advance(29 * DAY);
    const now = world.clock.now();
    const reply = await world.admin("redeliverWebhook", { deliveryId: before.id });
    const nextAttemptAt = new Date(now).toISOString();
    expect(reply["delivery"]).toMatchObject({ state: "pending", attempts, nextAttemptAt });
    const due = {
      state: "pending",
      attempts,
      dueAt: now,
      updatedAt: now,
      expireAt: now + 30 * DAY,
    };
    expect(await world.store.get(deliveries, before.id)).toEqual({ ...before, ...due });
    const audit = { equal: { targetId: before.id }, limit: 9 };
    const { items } = await world.store.query(auditEntries, "byTarget", audit);
    expect(items).toMatchObject([{ action: "webhookDelivery.redeliver", after: { dueAt: now } }]);
  },
);

test("404 and 409 what has no endpoint, or a disabled one, is not sent again", async () => {
  const { endpointId } = await create({ enabled: false });
  const before = delivery({ endpointId, state: "failed", dueAt: null });
  await put(before);
  const again = () => ask("redeliverWebhook", { deliveryId: before.id });
  expect(await again()).toMatchObject({
    status: 409,
    body: { code: "WEBHOOK_ENDPOINT_DISABLED" },
  });
  await world.admin("deleteWebhookEndpoint", { endpointId });
  const absent = { status: 404, body: { code: "WEBHOOK_DELIVERY_NOT_FOUND" } };
  expect(await again()).toMatchObject(absent);
  expect(await ask("redeliverWebhook", { deliveryId: uuid(7) })).toMatchObject(absent);
  expect(await world.store.get(deliveries, before.id)).toEqual(before);
});

test("every change is in the audit log, in the account of the endpoint", async () => {
  const { endpointId } = await create({ creatorId: "b" });
  await world.admin("updateWebhookEndpoint", { endpointId, enabled: false });
  await world.admin("rotateWebhookSecret", { endpointId });
  await world.admin("deleteWebhookEndpoint", { endpointId });
  const audit = { equal: { targetId: endpointId }, limit: 9 };
  const { items } = await world.store.query(auditEntries, "byTarget", audit);
  expect(new Set(items.map(({ accountId }) => accountId))).toEqual(new Set(["b"]));
  expect(items.map(({ action }) => action).sort()).toEqual([
    "webhookEndpoint.create",
    "webhookEndpoint.delete",
    "webhookEndpoint.rotateSecret",
    "webhookEndpoint.update",
  ]);
});
