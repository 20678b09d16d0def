import fc from "fast-check";
import type { Delivery, WebhookEndpoint } from "../../functions/src/core/webhooks.ts";
import { fanOut } from "../../functions/src/operations/events/fan-out.ts";
import type { SendEvent } from "../../functions/src/operations/webhooks/send-event.ts";
import {
  accounts,
  auditEntries,
  deliveries,
  products,
  webhookEndpoints,
} from "../../functions/src/store/collections.ts";
import {
  as,
  colleague,
  dataOf,
  errorOf,
  openGecko,
  org,
  type Person,
  person,
} from "../support/dashboard.ts";
import { NOBODYS, said } from "../support/geckoguard.ts";
import { addProduct } from "../support/plans.ts";
import { delivery } from "../support/records.ts";
import { HOUR, type Json, NOW, type Reply, type World } from "../support/world.ts";

let world: World;
let you: Person;
let orgId: string;
let productId: string;
beforeEach(async () => {
  world = await openGecko();
  you = await person(world);
  orgId = await org(world, you);
  productId = await addProduct(world, orgId, "prod_tools");
});
afterEach(() => world.close());

const URL_OF_MINE = "https://your-server.example/webhooks/geckoguard";
const baseOf = (product = productId) => `/v1/dashboard/webhooks/products/${product}`;
const create = (more: Json = {}, who = you, product = productId) =>
  as(world, who, `POST ${baseOf(product)}`, {
    body: { url: URL_OF_MINE, events: ["license.revoked"], ...more },
  });
const endpointOf = (reply: Reply) => dataOf(reply)["endpoint"] as Json;
const idOf = (reply: Reply) => String(endpointOf(reply)["id"]);
const on = (id: string, method: string, verb = "", body?: Json, who = you, product = productId) =>
  as(world, who, `${method} ${baseOf(product)}/${id}${verb}`, body ? { body } : {});
const list = async () => dataOf(await as(world, you, `GET ${baseOf()}`));
const stored = async (id: string) =>
  (await world.store.get(webhookEndpoints, id)) as WebhookEndpoint;
const secretsOf = async (id: string) =>
  (await stored(id)).secrets.map(({ sealed, endsAt }) => [
    world.deps.vault.open("webhook", sealed),
    endsAt,
  ]);
const uuid = (last: number) => `5f0c2c1e-0a1b-4c3d-8e5f-${String(last).padStart(12, "0")}`;

test("made, listed, changed and deleted, in the reference's shapes; the secret is shown once", async () => {
  const made = await create({ events: ["license.authorized", "license.revoked"] });
  const { secret, ...shown } = endpointOf(made);
  const endpoint = {
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    productId,
    url: URL_OF_MINE,
    events: ["license.authorized", "license.revoked"],
    enabled: true,
    createdAt: "2026-11-20T09:00:00.000Z",
  };
  expect([made.status, shown]).toEqual([201, endpoint]);
  expect(secret).toMatch(/^whsec_[0-9a-f]{32}$/);
  const pagination = { page: 1, pageSize: 50, total: 1, totalPages: 1 };
  expect(await list()).toEqual({ endpoints: [endpoint], pagination });
  const id = idOf(made);
  expect(await secretsOf(id)).toEqual([[secret, null]]);
  expect(await stored(id)).toMatchObject({ format: "geckoguard", productHandle: "prod_tools" });
  const changes = { url: "https://other.example/", events: ["*"], enabled: false };
  const changed = await on(id, "PATCH", "", changes);
  expect([changed.status, endpointOf(changed)]).toEqual([200, { ...endpoint, ...changes }]);
  const equal = { accountId: orgId };
  const log = await world.store.query(auditEntries, "byAccount", { equal, limit: 99 });
  for (const place of [await list(), changed.body, log.items, await stored(id), world.logs]) {
    expect(JSON.stringify(place)).not.toContain(String(secret));
  }
  const gone = await on(id, "DELETE");
  expect([gone.status, gone.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
  expect(said(await on(id, "DELETE"))).toEqual([404, "NOT_FOUND"]);
  expect(await list()).toMatchObject({ endpoints: [], pagination: { total: 0 } });
});

test.each([
  [{ events: [] }, "events"],
  [{ events: "*" }, "events"],
  [{ events: undefined }, "events"],
  [{ events: ["license.revoked", "license.eaten"] }, "events.1"],
  [{ events: ["license.suspended"] }, "events.0"],
  [{ url: undefined }, "url"],
  [{ url: "" }, "url"],
  [{ url: "nowhere" }, "url"],
  [{ url: "http://example.com/" }, "url"],
  [{ url: "https://u:p@example.com/" }, "url"],
  [{ url: "https://10.0.0.1/" }, "url"],
  [{ url: "https://[::ffff:169.254.169.254]/latest/meta-data" }, "url"],
  [{ enabled: "yes" }, "enabled"],
])("400 for %j names %s, when made and when changed", async (more, path) => {
  const id = idOf(await create());
  const sent = Object.values(more)[0] === undefined ? [] : [await on(id, "PATCH", "", more)];
  for (const reply of [await create(more), ...sent]) {
    expect([...said(reply), errorOf(reply)["details"]]).toMatchObject([
      400,
      "VALIDATION_ERROR",
      [{ path }],
    ]);
  }
  expect(await stored(id)).toMatchObject({ url: URL_OF_MINE, events: ["license.revoked"] });
});

test("409 for an eleventh of a product; one of another product, or natively, has room of its own", async () => {
  const made = await Promise.all(Array.from({ length: 25 }, () => create()));
  const good = made.filter(({ status }) => status === 201);
  expect(good).toHaveLength(10);
  expect(made.filter(({ status }) => status !== 201).map(said)).toEqual(
    Array(15).fill([409, "CONFLICT"]),
  );
  const other = await addProduct(world, orgId, "prod_other");
  for (let one = 0; one < 10; one++) expect((await create({}, you, other)).status).toBe(201);
  const native = { url: URL_OF_MINE, events: ["*"], creatorId: orgId };
  await world.admin("createWebhookEndpoint", { ...native, productId: "prod_tools" });
  expect(await world.store.get(accounts, orgId)).toMatchObject({ webhookEndpoints: 1 });
  const [first] = good;
  await Promise.all([1, 2, 3].map(() => on(idOf(first as Reply), "DELETE")));
  expect(await world.store.get(products, productId)).toMatchObject({ webhookEndpoints: 9 });
  expect((await create()).status).toBe(201);
  expect(said(await create())).toEqual([409, "CONFLICT"]);
  expect(await list()).toMatchObject({ pagination: { total: 10 } });
});

test("404 for a product or endpoint of others, like what is not there; and for one of another format", async () => {
  const id = idOf(await create());
  const stranger = await person(world, "stranger@example.com");
  const own = await addProduct(world, await org(world, stranger, "Other"), "prod_theirs");
  const asStranger = async (product: string, endpointId: string) => [
    await as(world, stranger, `GET ${baseOf(product)}`),
    await create({}, stranger, product),
    ...(await Promise.all(
      [
        ["PATCH", ""],
        ["DELETE", ""],
        ["GET", "/deliveries"],
        ["POST", "/test"],
        ["POST", "/rotate-secret"],
      ].map(([method = "", verb]) =>
        on(
          endpointId,
          method,
          verb,
          method === "PATCH" ? { enabled: false } : undefined,
          stranger,
          product,
        ),
      ),
    )),
  ];
  const foreign = (await asStranger(productId, id)).map(({ status, body }) => [status, body]);
  const absent = (await asStranger(NOBODYS, NOBODYS)).map(({ status, body }) => [status, body]);
  expect(foreign).toEqual(absent);
  expect(foreign.map(([status]) => status)).toEqual(Array(7).fill(404));
  // Under a product of one's own, somebody else's endpoint is not there either.
  expect(said(await on(id, "POST", "/test", undefined, stranger, own))).toEqual([404, "NOT_FOUND"]);
  const native = await world.admin("createWebhookEndpoint", {
    ...{ url: URL_OF_MINE, events: ["*"], creatorId: orgId, productId: "prod_tools" },
  });
  const { endpointId } = native["endpoint"] as Json;
  expect(said(await on(String(endpointId), "DELETE"))).toEqual([404, "NOT_FOUND"]);
  expect(await list()).toMatchObject({ endpoints: [{ id }] });
});

test("its deliveries, newest first, as many as are asked for", async () => {
  const id = idOf(await create());
  const put = (record: Delivery) =>
    world.store.commit([{ kind: "set", collection: deliveries, record }]);
  const states = ["pending", "delivered", "failed"] as const;
  for (const [index, state] of states.entries()) {
    const dueAt = state === "pending" ? NOW + HOUR : null;
    const more = { endpointId: id, state, dueAt, createdAt: NOW + index, name: "license.frozen" };
    await put(delivery({ id: uuid(index), ...more }));
  }
  await put(delivery({ id: uuid(9), endpointId: uuid(8) }));
  const ask = async (query: Record<string, string> = {}) =>
    as(world, you, `GET ${baseOf()}/${id}/deliveries`, { query });
  const { attempts, lastStatus, lastError, lastDurationMs } = delivery();
  const shown = (index: number, success: boolean, nextAttemptAt: string | null) => ({
    id: uuid(index),
    event: "license.frozen",
    attempt: attempts,
    status: lastStatus,
    success,
    error: lastError,
    durationMs: lastDurationMs,
    createdAt: new Date(NOW + index).toISOString(),
    nextAttemptAt,
  });
  const all = await ask();
  expect([all.status, dataOf(all)]).toEqual([
    200,
    {
      deliveries: [
        shown(2, false, null),
        shown(1, true, null),
        shown(0, false, new Date(NOW + HOUR).toISOString()),
      ],
    },
  ]);
  expect(dataOf(await ask({ limit: "1" }))["deliveries"]).toMatchObject([{ id: uuid(2) }]);
  expect(dataOf(await ask({ limit: "999999" }))["deliveries"]).toHaveLength(3);
  expect(said(await ask({ limit: "many" }))).toEqual([400, "VALIDATION_ERROR"]);
});

test("test.ping is sent once, and what came of it is the answer", async () => {
  const id = idOf(await create({ enabled: false }));
  const sent: unknown[] = [];
  const sendEvent: SendEvent = async (...message) => {
    sent.push(message);
    return { delivered: false, status: 500, error: "answered 500", durationMs: 8.4 };
  };
  Object.assign(world.deps, { sendEvent });
  const reply = await on(id, "POST", "/test");
  expect([reply.status, dataOf(reply)]).toEqual([
    200,
    { event: "test.ping", success: false, status: 500, error: "answered 500", durationMs: 8 },
  ]);
  expect(sent).toMatchObject([[{ id }, { type: "test.ping", productId, occurredAt: NOW }]]);
  expect(dataOf(await as(world, you, `GET ${baseOf()}/${id}/deliveries`))).toEqual({
    deliveries: [],
  });
});

test("a rotated secret is shown once, and the one before signs along for a day", async () => {
  const made = await create();
  const first = endpointOf(made)["secret"];
  const rotated = await on(idOf(made), "POST", "/rotate-secret");
  const { secret } = endpointOf(rotated);
  expect([rotated.status, dataOf(rotated)]).toEqual([
    200,
    {
      endpoint: { ...endpointOf(made), secret },
      previousSecretExpiresAt: "2026-11-21T09:00:00.000Z",
    },
  ]);
  expect(secret).toMatch(/^whsec_[0-9a-f]{32}$/);
  expect(await secretsOf(idOf(made))).toEqual([
    [secret, null],
    [first, NOW + 24 * HOUR],
  ]);
});

test("whoever comes or goes is told to every product's endpoints that ask for it, and to no other product bound one", async () => {
  const other = await addProduct(world, orgId, "prod_other");
  const mine = idOf(await create({ events: ["team.member_added"] }));
  const theirs = idOf(await create({ events: ["*"] }, you, other));
  await create({ events: ["license.revoked"] });
  const bound = { url: URL_OF_MINE, events: ["*"], creatorId: orgId, productId: "prod_other" };
  await world.admin("createWebhookEndpoint", bound);
  const dev = await colleague(world, orgId, "DEV", "dev");
  await as(world, dev, `DELETE /v1/dashboard/orgs/${orgId}/members/${dev.userId}`);
  const { jobs } = await fanOut({ ...world.deps, atOnce: () => false }, { maxEvents: 99 });
  const team = jobs.filter(({ delivery: { type } }) => type.startsWith("team."));
  const facts = { orgId, userId: dev.userId, role: "DEV" };
  const told = team.map(({ endpoint, delivery: { name, data } }) => [endpoint.id, name, data]);
  expect(told.sort()).toEqual(
    [
      [mine, "team.member_added", facts],
      [theirs, "team.member_added", facts],
      [theirs, "team.member_removed", facts],
    ].sort(),
  );
});

test("the same Idempotency-Key makes one endpoint, and shows its secret again", async () => {
  const body = { url: URL_OF_MINE, events: ["*"] };
  const again = { headers: { "idempotency-key": "k" }, body };
  const first = await as(world, you, `POST ${baseOf()}`, again);
  const second = await as(world, you, `POST ${baseOf()}`, again);
  expect([second.status, second.body]).toEqual([201, first.body]);
  expect(await list()).toMatchObject({ pagination: { total: 1 } });
});

test("whatever is sent about endpoints, nothing fails on our side", async () => {
  const id = idOf(await create());
  const routes = [
    `POST ${baseOf()}`,
    `PATCH ${baseOf()}/${id}`,
    `GET ${baseOf()}/${id}/deliveries`,
  ];
  const fields = ["url", "events", "enabled", "format", "secret", "id", "productId"];
  const odd = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.jsonValue(),
    fc.webUrl({ validSchemes: ["https", "http"] }),
    fc.array(fc.oneof(fc.constantFrom("*", "license.revoked", "test.ping"), fc.string())),
  );
  const body = fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, fc.string(), async (route, sent, limit) => {
      const asked = route.startsWith("GET") ? { query: { limit } } : { body: sent };
      expect([200, 201, 400, 409]).toContain((await as(world, you, route, asked)).status);
    }),
    { numRuns: 200 },
  );
});
