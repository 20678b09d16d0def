import fc from "fast-check";
import { GECKOGUARD_SCOPES } from "../../functions/src/core/api-keys.ts";
import { apiKeys, auditEntries, outbox } from "../../functions/src/store/collections.ts";
import { as, dataOf, errorOf, openGecko, org, type Person, person } from "../support/dashboard.ts";
import { geckoCall, NOBODYS, said } from "../support/geckoguard.ts";
import { addProduct } from "../support/plans.ts";
import { HOUR, type Json, MINUTE, NOW, type Reply, type World } from "../support/world.ts";

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

const KEYS = "/v1/dashboard/api-keys";
const create = (more: Json = {}, who = you) =>
  as(world, who, `POST ${KEYS}`, { body: { productId, name: "Discord bot", ...more } });
const keyOf = (reply: Reply) => {
  const { apiKey, key } = dataOf(reply) as { apiKey: Json; key: string };
  return { ...apiKey, id: String(apiKey["id"]), key };
};
const on = (id: string, method: string, verb = "", body?: Json, who = you) =>
  as(world, who, `${method} ${KEYS}/${id}${verb}`, body ? { body } : {});
const whoami = async (apiKey: string) =>
  (await geckoCall(world, "GET /v1/whoami", { apiKey })).status;
const list = (query: Record<string, string>) => as(world, you, `GET ${KEYS}`, { query });
const told = async () => {
  const { items } = await world.store.query(outbox, "oldest", { limit: 99 });
  const about = items.filter(({ type }) => type.startsWith("api_key."));
  return about.map((event) => [event.type, event.productId, event.data["keyId"]]);
};

test("made, listed, changed and used, in the reference's shapes; the key is shown once", async () => {
  const made = await create({ permissions: ["license:read", "license:write", "end_user:read"] });
  const { id, key } = keyOf(made);
  const shown = {
    id,
    productId,
    name: "Discord bot",
    prefix: key.slice(0, 10),
    permissions: ["license:read", "license:create", "license:update", "end_user:read"],
    lastUsedAt: null,
    expiresAt: null,
    revokedAt: null,
    createdAt: "2026-11-20T09:00:00.000Z",
  };
  expect([made.status, made.body]).toEqual([201, { ok: true, data: { apiKey: shown, key } }]);
  expect(key).toMatch(/^gg_[0-9a-f]{64}$/);
  expect(await whoami(key)).toBe(200);
  const pagination = { page: 1, pageSize: 50, total: 1, totalPages: 1 };
  const listed = await list({ productId: productId.toUpperCase() });
  const used = { ...shown, lastUsedAt: "2026-11-20T09:00:00.000Z" };
  expect(dataOf(listed)).toEqual({ apiKeys: [used], pagination });
  const changed = await on(id, "PATCH", "", { name: "Bot", permissions: [] });
  expect(dataOf(changed)).toEqual({ apiKey: { ...used, name: "Bot", permissions: [] } });
  const opened = await geckoCall(world, `GET /v1/products/${productId}/api-keys`, { apiKey: key });
  expect(opened.status).toBe(200);
  expect(dataOf(await on(id, "PATCH", "", { permissions: null }))["apiKey"]).toMatchObject({
    name: "Bot",
    permissions: null,
  });
  const equal = { accountId: orgId };
  const log = await world.store.query(auditEntries, "byAccount", { equal, limit: 99 });
  const places = [listed.body, changed.body, log.items, world.logs, await told()];
  for (const place of places) expect(JSON.stringify(place)).not.toContain(key.slice(10));
  expect(
    log.items
      .map(({ action }) => action)
      .filter((action) => /^apiKey/.test(action))
      .sort(),
  ).toEqual(["apiKey.create", "apiKey.update", "apiKey.update"]);
});

test("without permissions a key may do all, and an expiry ends it", async () => {
  const made = keyOf(await create({ expiresAt: new Date(NOW + HOUR).toISOString() }));
  expect(made).toMatchObject({ permissions: null, expiresAt: "2026-11-20T10:00:00.000Z" });
  world.clock.advance(HOUR);
  expect(await whoami(made.key)).toBe(401);
});

test.each([
  [{ productId: "prod_tools" }, "productId"],
  [{ productId: undefined }, "productId"],
  [{ name: " " }, "name"],
  [{ name: "x".repeat(101) }, "name"],
  [{ permissions: "license:read" }, "permissions"],
  [{ permissions: ["license:read", "license:eat"] }, "permissions.1"],
  [{ permissions: Array(101).fill("license:read") }, "permissions"],
  [{ expiresAt: "tomorrow" }, "expiresAt"],
  [{ expiresAt: new Date(NOW).toISOString() }, "expiresAt"],
])("400 for %j names %s", async (more, path) => {
  const reply = await create(more);
  expect([...said(reply), errorOf(reply)["details"]]).toMatchObject([
    400,
    "VALIDATION_ERROR",
    [{ path }],
  ]);
  expect(said(await list({}))).toEqual([400, "VALIDATION_ERROR"]);
});

test("rotated, the old secret stops at once and the new one works under the same id", async () => {
  const { id, key } = keyOf(await create({ permissions: ["license:read"] }));
  await whoami(key);
  const rotated = await on(id, "POST", "/rotate");
  const next = keyOf(rotated);
  expect([rotated.status, next]).toMatchObject([
    200,
    { id, permissions: ["license:read"], lastUsedAt: null, prefix: next.key.slice(0, 10) },
  ]);
  expect(next.key).toMatch(/^gg_[0-9a-f]{64}$/);
  expect([await whoami(key), await whoami(next.key)]).toEqual([401, 200]);
});

test("revoked it stops at once and for good: 409 for what would change it; deleted it is gone", async () => {
  const { id, key } = keyOf(await create());
  world.clock.advance(MINUTE);
  const revoked = await on(id, "POST", "/revoke");
  const at = new Date(NOW + MINUTE).toISOString();
  expect([revoked.status, dataOf(revoked)["apiKey"]]).toMatchObject([200, { id, revokedAt: at }]);
  expect(dataOf(revoked)).not.toHaveProperty("key");
  expect(await whoami(key)).toBe(401);
  expect(dataOf(await on(id, "POST", "/revoke"))).toEqual(dataOf(revoked));
  expect(world.touched().writes).toBe(0);
  expect(said(await on(id, "POST", "/rotate"))).toEqual([409, "CONFLICT"]);
  expect(said(await on(id, "PATCH", "", { name: "other" }))).toEqual([409, "CONFLICT"]);
  const gone = await on(id, "DELETE");
  expect([gone.status, gone.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
  expect(said(await on(id, "DELETE"))).toEqual([404, "NOT_FOUND"]);
  expect(dataOf(await list({ productId }))["apiKeys"]).toEqual([]);
  const second = keyOf(await create());
  await on(second.id, "DELETE");
  expect(await whoami(second.key)).toBe(401);
  expect((await world.store.query(apiKeys, "newest", { limit: 9 })).items).toEqual([]);
});

test("its events name the key's product; a key that was revoked is not told of twice", async () => {
  const first = keyOf(await create());
  await on(first.id, "POST", "/rotate");
  await on(first.id, "POST", "/revoke");
  await on(first.id, "DELETE");
  const second = keyOf(await create());
  await on(second.id, "DELETE");
  const events = [
    ["api_key.created", productId, first.id],
    ["api_key.rotated", productId, first.id],
    ["api_key.revoked", productId, first.id],
    ["api_key.created", productId, second.id],
    ["api_key.revoked", productId, second.id],
  ];
  expect((await told()).sort()).toEqual(events.sort());
});

test("404 for a product or key of others, answered like one that is not there", async () => {
  const { id } = keyOf(await create());
  const stranger = await person(world, "stranger@example.com");
  await org(world, stranger, "Other");
  const asStranger = async (key: string, product: string) => [
    await create({ productId: product }, stranger),
    await as(world, stranger, `GET ${KEYS}`, { query: { productId: product } }),
    await on(key, "PATCH", "", { name: "mine" }, stranger),
    await on(key, "POST", "/rotate", {}, stranger),
    await on(key, "POST", "/revoke", {}, stranger),
    await on(key, "DELETE", "", undefined, stranger),
  ];
  const foreign = (await asStranger(id, productId)).map(({ status, body }) => [status, body]);
  const absent = (await asStranger(NOBODYS, NOBODYS)).map(({ status, body }) => [status, body]);
  expect(foreign).toEqual(absent);
  expect(foreign.map(([status]) => status)).toEqual(Array(6).fill(404));
  expect((await on(id, "PATCH", "", { name: "Bot" })).status).toBe(200);
});

test("404 for a key that speaks another dialect: the dashboard's permissions are not its own", async () => {
  const native = await world.admin("createApiKey", { name: "native", creatorId: orgId });
  for (const [method, verb] of [
    ["PATCH", ""],
    ["POST", "/rotate"],
    ["POST", "/revoke"],
    ["DELETE", ""],
  ]) {
    const reply = await on(String(native["keyId"]), method ?? "", verb, { name: "x" });
    expect(said(reply)).toEqual([404, "NOT_FOUND"]);
  }
  expect(dataOf(await list({ productId }))["apiKeys"]).toEqual([]);
});

test("the same Idempotency-Key makes one key, and shows its secret again", async () => {
  const again = { headers: { "idempotency-key": "k" }, body: { productId, name: "once" } };
  const first = await as(world, you, `POST ${KEYS}`, again);
  const second = await as(world, you, `POST ${KEYS}`, again);
  expect([second.status, second.body]).toEqual([201, first.body]);
  expect(dataOf(await list({ productId }))["pagination"]).toMatchObject({ total: 1 });
});

test("whatever is sent about keys, nothing fails on our side", async () => {
  const { id } = keyOf(await create());
  const routes = [
    `POST ${KEYS}`,
    `PATCH ${KEYS}/${id}`,
    `POST ${KEYS}/${id}/rotate`,
    `GET ${KEYS}`,
  ];
  const fields = ["productId", "name", "permissions", "expiresAt", "id", "key", "kind"];
  const odd = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.jsonValue(),
    fc.constantFrom(productId, id, NOBODYS, "2999-01-01T00:00:00.000Z"),
    fc.array(fc.oneof(fc.constantFrom(...GECKOGUARD_SCOPES), fc.string()), { maxLength: 3 }),
  );
  const body = fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, fc.string(), async (route, sent, text) => {
      const search = { query: { productId: text, page: text } };
      const reply = await as(world, you, route, route.startsWith("GET") ? search : { body: sent });
      expect([200, 201, 400, 404]).toContain(reply.status);
    }),
    { numRuns: 200 },
  );
});
