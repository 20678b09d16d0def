import fc from "fast-check";
import { accounts, auditEntries, memberships } from "../../functions/src/store/collections.ts";
import { StoreUnavailableError } from "../../functions/src/store/document-store.ts";
import {
  as,
  dataOf,
  errorOf,
  member,
  openGecko,
  org,
  type Person,
  person,
} from "../support/dashboard.ts";
import { NOBODYS, said } from "../support/geckoguard.ts";
import { ADMIN_SECRET, type Json, type Reply, send, type World } from "../support/world.ts";

let world: World;
let you: Person;
beforeEach(async () => {
  world = await openGecko();
  you = await person(world);
});
afterEach(() => world.close());

const ORGS = "/v1/dashboard/orgs";
const create = (body: Json, who = you) => as(world, who, `POST ${ORGS}`, { body });
const patch = (orgId: string, body: Json, who = you) =>
  as(world, who, `PATCH ${ORGS}/${orgId}`, { body });
const orgOf = (reply: Reply) => dataOf(reply)["org"] as Json;
const headers = { "x-admin-secret": ADMIN_SECRET };

test("made, shown, listed, changed and deleted, in the reference's shapes", async () => {
  const made = await create({ name: " My Company " });
  const shown = {
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    slug: "my-company",
    name: "My Company",
    role: "OWNER",
    portalEnabled: true,
    createdAt: "2026-11-20T09:00:00.000Z",
  };
  expect([made.status, made.body]).toEqual([201, { ok: true, data: { org: shown } }]);
  const { id } = orgOf(made);
  const path = `${ORGS}/${id}`;
  expect((await as(world, you, `GET ${path}`)).body).toEqual(made.body);
  expect(world.touched()).toEqual({ reads: 3, writes: 0, aggregates: 0 });
  const me = { id, slug: "my-company", name: "My Company", role: "OWNER" };
  expect(dataOf(await as(world, you, "GET /v1/dashboard/me"))).toMatchObject({
    orgs: [me],
    activeOrgId: id,
  });
  const listed = await as(world, you, `GET ${ORGS}`);
  expect([listed.status, dataOf(listed)]).toEqual([
    200,
    { orgs: [shown], pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 } },
  ]);
  const changes = { name: "Other", slug: "other", portalEnabled: false };
  const changed = await patch(String(id), changes);
  expect([changed.status, orgOf(changed)]).toEqual([200, { ...shown, ...changes }]);
  const gone = await as(world, you, `DELETE ${path}`);
  expect([gone.status, gone.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
  expect(said(await as(world, you, `GET ${path}`))).toEqual([404, "NOT_FOUND"]);
  expect(dataOf(await as(world, you, "GET /v1/dashboard/me"))).toMatchObject({
    orgs: [],
    activeOrgId: null,
  });
  const log = await world.admin("listAuditLog", { creatorId: id });
  expect((log["entries"] as Json[]).map(({ action, actor }) => [action, actor])).toEqual(
    expect.arrayContaining(
      ["org.create", "org.update", "org.delete"].map((action) => [
        action,
        { kind: "user", keyId: null, userId: you.userId },
      ]),
    ),
  );
});

test.each([
  [{}, "name"],
  [{ name: " " }, "name"],
  [{ name: "x".repeat(101) }, "name"],
  [{ name: "Mine", slug: "My Company" }, "slug"],
  [{ name: "Mine", slug: "-mine" }, "slug"],
  [{ name: "Mine", slug: "x".repeat(65) }, "slug"],
])("400 for %j names %s", async (body, path) => {
  const reply = await create(body);
  expect([...said(reply), errorOf(reply)["details"]]).toEqual([
    400,
    "VALIDATION_ERROR",
    [expect.objectContaining({ path })],
  ]);
});

test("409 for a slug that is taken, until it is given up; a name alone finds itself another", async () => {
  const first = await create({ name: "Mine", slug: "mine" });
  const id = String(orgOf(first)["id"]);
  expect(said(await create({ name: "Mine", slug: "mine" }))).toEqual([409, "CONFLICT"]);
  const second = orgOf(await create({ name: "Mine!" }));
  expect(second["slug"]).toMatch(/^mine-[0-9a-f]{8}$/);
  expect(said(await patch(String(second["id"]), { slug: "mine" }))).toEqual([409, "CONFLICT"]);
  expect((await patch(id, { slug: "mine" })).status).toBe(200);
  await patch(id, { slug: "was-mine" });
  expect((await patch(String(second["id"]), { slug: "mine" })).status).toBe(200);
  expect(said(await patch(id, { slug: "mine" }))).toEqual([409, "CONFLICT"]);
  await as(world, you, `DELETE ${ORGS}/${second["id"]}`);
  expect((await patch(id, { slug: "mine" })).status).toBe(200);
});

test("a name of no Latin letter has a slug, too", async () => {
  expect(orgOf(await create({ name: "会社" }))["slug"]).toBe("org");
});

test("of an organization that one is no member of, nothing is said, whatever one would do", async () => {
  const id = await org(world, you);
  const stranger = await person(world, "stranger@example.com");
  for (const route of [`GET ${ORGS}/`, `PATCH ${ORGS}/`, `DELETE ${ORGS}/`]) {
    const body = { name: "" };
    const more = route.startsWith("PATCH") ? { body } : {};
    const foreign = await as(world, stranger, `${route}${id}`, more);
    const absent = await as(world, stranger, `${route}${NOBODYS}`, more);
    expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
    expect(world.touched().writes).toBe(0);
    expect(said(await as(world, stranger, `${route}my-company`, more))).toEqual([
      400,
      "VALIDATION_ERROR",
    ]);
  }
  expect(dataOf(await as(world, stranger, `GET ${ORGS}`))["orgs"]).toEqual([]);
});

test("404 and 405 where a path or method is not there, told to whoever is logged in and to nobody else", async () => {
  const there = `/v1/dashboard/orgs/${await org(world, you)}`;
  const missing: [string, number, string][] = [
    ["GET /v1/dashboard/nothing", 404, "NOT_FOUND"],
    [`GET ${there}/`, 404, "NOT_FOUND"],
    [`PUT ${there}`, 405, "METHOD_NOT_ALLOWED"],
  ];
  for (const [route, ...told] of missing) {
    expect([route, ...said(await as(world, you, route))]).toEqual([route, ...told]);
    const stale = { ...you, accessToken: `${you.accessToken}x` };
    for (const other of [undefined, stale])
      expect([route, ...said(await as(world, other, route))]).toEqual([route, 401, "UNAUTHORIZED"]);
  }
  expect(said(await as(world, undefined, "POST /v1/dashboard/invites/preview"))).toEqual([
    405,
    "METHOD_NOT_ALLOWED",
  ]);
});

test("409 while products are left; then keys stop, endpoints go, and members are let go", async () => {
  const creatorId = await org(world, you);
  const dev = await member(world, creatorId, "DEV");
  const product = { name: "Tools", productId: "prod_org", creatorId };
  await world.admin("createProduct", product);
  expect(said(await as(world, you, `DELETE ${ORGS}/${creatorId}`))).toEqual([409, "CONFLICT"]);
  expect((await as(world, dev, `GET ${ORGS}/${creatorId}`)).status).toBe(200);

  const empty = await org(world, you, "Empty");
  const { email } = dev;
  await world.admin("addMember", { creatorId: empty, email, role: "ADMIN" });
  const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: empty });
  const url = "https://hooks.example.com";
  await world.admin("createWebhookEndpoint", { url, events: ["*"], creatorId: empty });
  expect((await as(world, you, `DELETE ${ORGS}/${empty}`)).status).toBe(200);
  const keyed = await world.call("listProducts", {}, { headers: { "x-api-key": String(apiKey) } });
  expect(keyed.status).toBe(401);
  expect((await world.admin("listWebhookEndpoints", { creatorId: empty }))["endpoints"]).toEqual(
    [],
  );
  expect(said(await as(world, dev, `GET ${ORGS}/${empty}`))).toEqual([404, "NOT_FOUND"]);
  expect(dataOf(await as(world, dev, `GET ${ORGS}`))["orgs"]).toMatchObject([{ id: creatorId }]);
  const left = await world.store.query(memberships, "byAccount", {
    equal: { accountId: empty },
    limit: 9,
  });
  expect(left.items).toEqual([]);
});

test("an Idempotency-Key gives the answer again to whom it made no member any more", async () => {
  const orgId = await org(world, you);
  const other = await member(world, orgId, "ADMIN");
  const headers = { "idempotency-key": "bye" };
  const twice = async (by: Person, route: string) => {
    const [first, again] = [
      await as(world, by, route, { headers }),
      await as(world, by, route, { headers }),
    ];
    expect([first.status, again.status, again.body]).toEqual([200, 200, first.body]);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
  };
  await twice(other, `DELETE ${ORGS}/${orgId}/members/${other.userId}`);
  await twice(you, `DELETE ${ORGS}/${orgId}`);
});

test("where deleting breaks off, the last owner is known as the last", async () => {
  const orgId = await org(world, you);
  await member(world, orgId, "OWNER");
  const { store } = world.deps;
  const transaction = store.transaction.bind(store);
  let left = 1;
  store.transaction = (body) =>
    left-- > 0 ? transaction(body) : Promise.reject(new StoreUnavailableError("gone"));
  expect((await as(world, you, `DELETE ${ORGS}/${orgId}`)).status).toBe(503);
  store.transaction = transaction;
  expect(await store.get(accounts, orgId)).toMatchObject({ owners: 1 });
  const leave = await as(world, you, `DELETE ${ORGS}/${orgId}/members/${you.userId}`);
  expect(leave.status).toBe(409);
  expect((await as(world, you, `DELETE ${ORGS}/${orgId}`)).status).toBe(200);
});

test("what is made while an organization is deleted keeps it", async () => {
  const orgId = await org(world, you);
  const other = await member(world, orgId, "ADMIN");
  const { store } = world.deps;
  const transaction = store.transaction.bind(store);
  store.transaction = async (body) => {
    store.transaction = transaction;
    await send(world.url, "createProduct", { name: "Late", creatorId: orgId }, { headers });
    return transaction(body);
  };
  const deleted = as(world, you, `DELETE ${ORGS}/${orgId}`);
  expect(said(await deleted)).toEqual([409, "CONFLICT"]);
  expect((await as(world, other, `GET ${ORGS}/${orgId}`)).status).toBe(404);
  expect((await as(world, you, `GET ${ORGS}/${orgId}`)).status).toBe(200);
});

test("the same Idempotency-Key makes one organization, for one user and one body", async () => {
  const again = { headers: { "idempotency-key": "k1" } };
  const body = { name: "Once" };
  const first = await as(world, you, `POST ${ORGS}`, { body, ...again });
  const second = await as(world, you, `POST ${ORGS}`, { body, ...again });
  expect([second.status, second.body]).toEqual([201, first.body]);
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  const other = await as(world, you, `POST ${ORGS}`, { body: { name: "Twice" }, ...again });
  expect(said(other)).toEqual([409, "IDEMPOTENCY_KEY_REUSE"]);
  expect((dataOf(await as(world, you, `GET ${ORGS}`))["orgs"] as Json[]).length).toBe(1);
  const somebody = await person(world, "somebody@example.com");
  const theirs = await as(world, somebody, `POST ${ORGS}`, { body, ...again });
  expect([theirs.status, theirs.headers.get("idempotent-replayed")]).toEqual([201, null]);
  expect(orgOf(theirs)["id"]).not.toBe(orgOf(first)["id"]);
});

test("oneself: a name that members see, and an organization one is in", async () => {
  const first = await org(world, you, "One");
  world.clock.advance(1);
  const second = await org(world, you, "Two");
  const change = (body: Json) => as(world, you, "PATCH /v1/dashboard/me", { body });
  expect(dataOf(await change({ activeOrgId: second }))).toMatchObject({ activeOrgId: second });
  const renamed = await change({ name: "New Name" });
  expect(dataOf(renamed)).toMatchObject({ user: { name: "New Name" }, activeOrgId: second });
  const equal = { accountId: first };
  const { items } = await world.store.query(memberships, "byAccount", { equal, limit: 9 });
  expect(items).toMatchObject([{ name: "New Name" }]);
  const foreign = await org(world, await person(world, "other@example.com"));
  for (const activeOrgId of [foreign, NOBODYS]) {
    expect(said(await change({ activeOrgId }))).toEqual([404, "NOT_FOUND"]);
  }
  expect(said(await change({ name: "" }))).toEqual([400, "VALIDATION_ERROR"]);
});

test("a page of organizations, newest first", async () => {
  const ids: string[] = [];
  for (const name of ["One", "Two", "Three"]) {
    ids.unshift(await org(world, you, name));
    world.clock.advance(1);
  }
  const page = async (query: Record<string, string>) =>
    dataOf(await as(world, you, `GET ${ORGS}`, { query }));
  const second = await page({ page: "2", pageSize: "2" });
  expect((second["orgs"] as Json[]).map(({ id }) => id)).toEqual(ids.slice(2));
  expect(second["pagination"]).toEqual({ page: 2, pageSize: 2, total: 3, totalPages: 2 });
  expect(said(await as(world, you, `GET ${ORGS}`, { query: { page: "0" } }))).toEqual([
    400,
    "VALIDATION_ERROR",
  ]);
});

test("whatever is sent about organizations and oneself, nothing fails on our side", async () => {
  const id = await org(world, you);
  const routes = [`POST ${ORGS}`, `PATCH ${ORGS}/${id}`, "PATCH /v1/dashboard/me"];
  const fields = ["name", "slug", "portalEnabled", "activeOrgId", "role", "owners", "id"];
  const odd = fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue(), fc.constant(id));
  const body = fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async (route, sent) => {
      const { status } = await as(world, you, route, { body: sent });
      expect([200, 201, 400, 404, 409]).toContain(status);
    }),
    { numRuns: 200 },
  );
  expect(orgOf(await as(world, you, `GET ${ORGS}/${id}`))).toMatchObject({ id, role: "OWNER" });
});

describe("addMember", () => {
  const add = (body: Json) => world.call("addMember", body, { headers });

  test("200 gives an account of the native API an owner, who sees it on the dashboard", async () => {
    const made = await add({ creatorId: "studio-one", email: "You@example.com", role: "OWNER" });
    const { orgId } = made.body["member"] as Json;
    expect([made.status, made.body]).toEqual([
      200,
      {
        success: true,
        member: {
          memberId: expect.any(String),
          userId: you.userId,
          orgId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          email: "you@example.com",
          role: "OWNER",
          joinedAt: "2026-11-20T09:00:00.000Z",
        },
      },
    ]);
    const shown = orgOf(await as(world, you, `GET ${ORGS}/${orgId}`));
    expect(shown).toMatchObject({ id: orgId, slug: "studio-one", name: "studio-one" });
    const renamed = orgOf(await patch(String(orgId), { name: "Studio One", slug: "studio" }));
    expect(renamed).toMatchObject({ id: orgId, slug: "studio", name: "Studio One" });
    const again = await add({ creatorId: "studio-one", email: "you@example.com", role: "OWNER" });
    expect(again.body).toEqual(made.body);
    expect(world.touched().writes).toBe(0);
  });

  test("404 for somebody who has not registered; 409 LAST_OWNER for the only owner's demotion", async () => {
    const ask = { creatorId: "studio-one", email: "nobody@example.com", role: "OWNER" };
    const absent = await add(ask);
    expect([absent.status, absent.body["code"]]).toEqual([404, "USER_NOT_FOUND"]);
    await add({ ...ask, email: you.email });
    const demoted = await add({ ...ask, email: you.email, role: "ADMIN" });
    expect([demoted.status, demoted.body["code"]]).toEqual([409, "LAST_OWNER"]);
    await person(world, "second@example.com");
    await add({ ...ask, email: "second@example.com" });
    expect((await add({ ...ask, email: you.email, role: "ADMIN" })).status).toBe(200);
    const equal = { accountId: "studio-one" };
    const log = await world.store.query(auditEntries, "byAccount", { equal, limit: 9 });
    const actions = log.items.map(({ action }) => action).sort();
    expect(actions).toEqual(["member.add", "member.add", "member.update"]);
  });
});
