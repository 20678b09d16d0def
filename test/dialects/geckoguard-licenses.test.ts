import fc from "fast-check";
import { NEVER_AUTHORIZED } from "../../functions/src/core/authorizations.ts";
import { expireFloatingSessions } from "../../functions/src/operations/activations/expire-floating-sessions.ts";
import { activations, endUsers, licenses, outbox } from "../../functions/src/store/collections.ts";
import { auditOf, changeLicense, licenseOf } from "../support/change-license.ts";
import { putEndUser } from "../support/end-users.ts";
import { geckoCall, geckoKey, type Owner, openGecko, said } from "../support/geckoguard.ts";
import { registeredToken, wordpress, wordpressKey } from "../support/sites.ts";
import {
  DAY,
  HOUR,
  type Json,
  MINUTE,
  machine,
  NOW,
  type Reply,
  type World,
} from "../support/world.ts";

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

const iso = (instant: number) => new Date(instant).toISOString();
const at = (path = "", by: Owner = owner) => `/v1/products/${by.productId}/licenses${path}`;
const call = (route: string, body?: unknown, by: Owner = owner, headers = {}) => {
  const [method, path = ""] = route.split(" ");
  return geckoCall(world, `${method} ${at(path, by)}`, by, { body, headers });
};
const dataOf = ({ body }: Reply) => body["data"] as Json;
const one = (reply: Reply) => dataOf(reply)["license"] as Json;
const create = async (body: Json = {}, by = owner) => {
  const reply = await call("POST ", body, by);
  if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
  return one(reply);
};
async function list(query: Json = {}, by = owner) {
  const asked = new URLSearchParams(query as Record<string, string>);
  const { status, body } = await geckoCall(world, `GET ${at(`?${asked}`, by)}`, by);
  const { licenses: found = [], pagination } = (body["data"] ?? {}) as Record<string, unknown>;
  return { status, found: found as Json[], pagination: pagination as Json, body };
}
const keysOf = ({ found }: { found: Json[] }) => found.map(({ key }) => key);
/** What was announced since the last look. */
async function events() {
  const { items } = await world.store.query(outbox, "oldest", { limit: 1_000 });
  await world.store.commit(
    items.map(({ id }) => ({ kind: "delete" as const, collection: outbox, id })),
  );
  return items
    .filter(({ type }) => type.startsWith("license."))
    .map(({ type, data }) => [type, data["previousStatus"]].filter(Boolean).join(" from "));
}
const advance = (ms: number) => world.clock.advance(ms);

test("a client walks through: whoami, an empty list, a license, and the list of it", async () => {
  const who = dataOf(await geckoCall(world, "GET /v1/whoami", owner));
  const path = `/v1/products/${who["productId"]}/licenses`;
  expect((await geckoCall(world, `GET ${path}?page=1&pageSize=20`, owner)).body).toEqual({
    ok: true,
    data: { licenses: [], pagination: { page: 1, pageSize: 20, total: 0, totalPages: 0 } },
  });
  const headers = { "Idempotency-Key": "first-license" };
  const ask = { body: { expirationMode: "afterActivation", expiresAfterDays: 30 }, headers };
  const made = await geckoCall(world, `POST ${path}`, owner, ask);
  expect(made.status).toBe(201);
  const license = one(made);
  expect(license).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    key: expect.stringMatching(/^GG(-[23456789ABCDEFGHJKLMNPQRSTUVWXYZ]{5}){4}$/),
    productId: owner.productId,
    status: "ACTIVE",
    expirationMode: "afterActivation",
    expiresAt: null,
    expiresAfterDays: 30,
    activatedAt: null,
    effectiveExpiresAt: null,
    policyOverride: null,
    note: null,
    hwidResetCount: 0,
    ipResetCount: 0,
    lastAuthorizedAt: null,
    revokedAt: null,
    frozenAt: null,
    createdAt: iso(NOW),
    updatedAt: iso(NOW),
    endUserId: null,
    endUserUsername: null,
    endUserEmail: null,
  });
  expect(dataOf(made)).toEqual({ license, licenses: [license], count: 1 });
  const again = await geckoCall(world, `POST ${path}`, owner, ask);
  expect([again.status, again.body]).toEqual([201, made.body]);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  const other = await geckoCall(world, `POST ${path}`, owner, { body: { count: 2 }, headers });
  expect(said(other)).toEqual([409, "IDEMPOTENCY_KEY_REUSE"]);
  expect(await list()).toMatchObject({
    found: [license],
    pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 },
  });
  expect(one(await call(`GET /${license["id"]}`))).toEqual(license);
  expect(await events()).toEqual(["license.created"]);
});

describe("create", () => {
  test.each<[string, Json, string]>([
    ["a count of 0", { count: 0 }, "count"],
    ["a count of 501", { count: 501 }, "count"],
    ["half a license", { count: 1.5 }, "count"],
    ["a key for two", { key: "mine-1", count: 2 }, "key"],
    ["a short key", { key: "abc" }, "key"],
    ["a long key", { key: "k".repeat(129) }, "key"],
    ["a key with a space", { key: "my key" }, "key"],
    ["an unknown mode", { expirationMode: "someday" }, "expirationMode"],
    ["a date that is none", { expiresAt: "tomorrow" }, "expiresAt"],
    ["no days", { expiresAfterDays: 0 }, "expiresAfterDays"],
    ["too many days", { expiresAfterDays: 36_501 }, "expiresAfterDays"],
    ["a date for ever", { expirationMode: "never", expiresAt: iso(NOW + DAY) }, "expiresAt"],
    ["fixed without its date", { expirationMode: "fixed" }, "expiresAt"],
    [
      "fixed with days",
      { expirationMode: "fixed", expiresAt: iso(NOW + DAY), expiresAfterDays: 3 },
      "expiresAfterDays",
    ],
    ["days that are missing", { expirationMode: "afterActivation" }, "expiresAfterDays"],
    ["both with one", { expirationMode: "both", expiresAfterDays: 3 }, "expiresAt"],
    ["an owner who is no id", { endUserId: "ann" }, "endUserId"],
    ["a long note", { note: "n".repeat(501) }, "note"],
  ])("%s is 400 and names the field", async (_, body, path) => {
    const reply = await call("POST ", body);
    expect(said(reply)).toEqual([400, "VALIDATION_ERROR"]);
    expect((reply.body["error"] as Json)["details"]).toMatchObject([{ path }]);
    expect((await list()).found).toEqual([]);
  });

  test.each<[Json, string, string | null]>([
    [{}, "never", null],
    [{ expirationMode: "never", expiresAt: null }, "never", null],
    [{ expiresAt: iso(NOW + DAY) }, "fixed", iso(NOW + DAY)],
    [{ expiresAfterDays: 7 }, "afterActivation", null],
    [{ expiresAt: iso(NOW + DAY), expiresAfterDays: 7 }, "both", iso(NOW + DAY)],
    [
      { expirationMode: "both", expiresAt: iso(NOW + DAY), expiresAfterDays: 7 },
      "both",
      iso(NOW + DAY),
    ],
  ])("%j is %s", async (body, expirationMode, expiresAt) => {
    expect(await create(body)).toMatchObject({
      expirationMode,
      expiresAt,
      effectiveExpiresAt: expiresAt,
      status: "ACTIVE",
    });
  });

  test("400 INVALID_POLICY names the member; a policy sets the machines for every API", async () => {
    const wrong = { limits: { hwid: { mode: "limit" } } };
    const reply = await call("POST ", { policyOverride: wrong });
    expect(said(reply)).toEqual([400, "INVALID_POLICY"]);
    expect(JSON.stringify(reply.body)).toContain("policyOverride.limits.hwid.maxDistinct");
    const machines = async (hwid: Json) => {
      const policyOverride = { v: 1, limits: { hwid } };
      const license = await create({ policyOverride });
      expect(license["policyOverride"]).toEqual(policyOverride);
      return (await licenseOf(world, String(license["key"]))).maxMachines;
    };
    expect(await machines({ mode: "limit", maxDistinct: 3 })).toBe(3);
    expect(await machines({ mode: "sticky" })).toBe(1);
    expect(await machines({ mode: "unlimited" })).toBe(-1);
  });

  test("a key is as it was given, exact in its case, and unique in the whole service", async () => {
    expect(await create({ key: "Own_Key.1-a" })).toMatchObject({ key: "Own_Key.1-a" });
    expect(await create({ key: "OWN_KEY.1-A" })).toMatchObject({ key: "OWN_KEY.1-A" });
    const other = await geckoKey(world, "prod_other", { creatorId: "else" });
    expect(said(await call("POST ", { key: "Own_Key.1-a" }, other))).toEqual([
      409,
      "DUPLICATE_KEY",
    ]);
    const native = await world.license();
    expect(said(await call("POST ", { key: native }))).toEqual([409, "DUPLICATE_KEY"]);
  });

  test("500 are one change: one audit entry, an event each, ids that rise as the list shows them", async () => {
    await list();
    await events();
    const audited = (await auditOf(world)).length;
    const reply = await call("POST ", { count: 500, note: "batch" });
    const { license, licenses: made, count } = dataOf(reply) as { licenses: Json[] } & Json;
    expect([reply.status, count, made.length, made[0]]).toEqual([201, 500, 500, license]);
    expect(new Set(made.map(({ key }) => key)).size).toBe(500);
    // As so many are filed for lists after their transaction.
    expect(world.touched()).toEqual({ reads: 2 + 500, writes: 1_001 + 500, aggregates: 0 });
    expect(await auditOf(world)).toHaveLength(audited + 1);
    expect(await events()).toEqual(Array.from({ length: 500 }, () => "license.created"));
    const pages = await Promise.all([1, 2].map((page) => list({ page, pageSize: 250 })));
    expect(pages.flatMap(({ found }) => found)).toEqual(made);
    const ids = made.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
  });

  test("a batch that cannot be whole is not made at all", async () => {
    const twin = await openGecko();
    const same = await geckoKey(twin);
    const path = `POST /v1/products/${same.productId}/licenses`;
    const made = (await geckoCall(twin, path, same, { body: { count: 500 } })).body["data"] as Json;
    const drawn = (made["licenses"] as Json[])[321]?.["key"];
    await twin.close();
    const taken = await create({ key: drawn });
    // Its draws are those of the twin, and one of them is taken.
    const fresh = await openGecko();
    const by = await geckoKey(fresh);
    const record = await licenseOf(world, String(taken["key"]));
    await fresh.store.commit([{ kind: "create", collection: licenses, record }]);
    expect((await geckoCall(fresh, path, by, { body: { count: 500 } })).status).toBe(500);
    const equal = { accountId: "default", status: "active" };
    expect(await fresh.store.count(licenses, "countOfAccountByStatus", { equal })).toBe(1);
    await fresh.close();
  });

  test("an archived product sells nothing: 409", async () => {
    await world.admin("updateProduct", { productId: "prod_gecko", status: "archived" });
    expect(said(await call("POST ", {}))).toEqual([409, "CONFLICT"]);
  });
});

type Guarded = { route: string; scope: string; status?: number; body?: Json };
const ROUTES: Guarded[] = [
  { route: "GET ", scope: "license:read" },
  { route: "GET /:id", scope: "license:read" },
  { route: "POST ", scope: "license:create", status: 201, body: {} },
  { route: "PATCH /:id", scope: "license:update", body: { note: "n" } },
  { route: "DELETE /:id", scope: "license:delete" },
  { route: "POST /:id/revoke", scope: "license:revoke" },
  { route: "POST /:id/unrevoke", scope: "license:unrevoke", body: {} },
  { route: "POST /:id/reset-hwid", scope: "license:reset_hwid", body: {} },
  { route: "POST /:id/reset-ip", scope: "license:reset_ip" },
];

describe.each(ROUTES)("$route needs $scope", ({ route, scope, status = 200, body: sent }) => {
  const named = (id: unknown) => route.replace(":id", String(id));

  test("and nothing else", async () => {
    const { id } = await create();
    const holder = await geckoKey(world, "prod_gecko", { scopes: [scope] });
    expect((await call(named(id), sent, holder)).status).toBe(status);
    const others = await geckoKey(world, "prod_gecko", {
      scopes: ROUTES.map((other) => other.scope).filter((other) => other !== scope),
    });
    const reply = await call(named(id), sent, others);
    expect(said(reply)).toEqual([403, "PERMISSION_DENIED"]);
    const message = `API key does not have permission: ${scope}`;
    expect(reply.body["error"]).toMatchObject({ message });
  });

  test("of its own product: 403 for another's path, 404 for another's license, 400 for no id", async () => {
    const other = await geckoKey(world, "prod_other");
    const foreign = await geckoKey(world, "prod_foreign", { creatorId: "else" });
    for (const by of [other, foreign]) {
      const strange = await geckoCall(
        world,
        `${named("0f0e0d0c-0000-4000-8000-000000000001").replace(" ", ` ${at("", by)}`)}`,
        owner,
        { body: sent },
      );
      expect(said(strange)).toEqual([403, "FORBIDDEN"]);
      expect(strange.body["error"]).toMatchObject({
        message: "API key is not bound to this product",
      });
      if (!route.includes(":id")) continue;
      const { id } = await create({}, by);
      expect(said(await call(named(id), sent, owner))).toEqual([404, "NOT_FOUND"]);
      expect(one(await call(`GET /${id}`, undefined, by))).toMatchObject({ status: "ACTIVE" });
    }
    if (!route.includes(":id")) return;
    const missing = "0f0e0d0c-0000-4000-8000-000000000001";
    expect(said(await call(named(missing), sent))).toEqual([404, "NOT_FOUND"]);
    expect(said(await call(named("my-license"), sent))).toEqual([400, "VALIDATION_ERROR"]);
  });
});

describe("standing", () => {
  type Step = [route: string, body: Json | undefined, status: string, told: string[]];
  const revoke: Step = ["POST /revoke", {}, "REVOKED", ["license.revoked"]];
  const unrevoke: Step = ["POST /unrevoke", {}, "ACTIVE", ["license.reinstated from revoked"]];
  const freeze: Step = ["PATCH ", { frozen: true }, "FROZEN", ["license.suspended from active"]];
  test.each<[string, Step[]]>([
    ["revoked twice, the second time silently", [revoke, ["POST /revoke", {}, "REVOKED", []]]],
    ["unrevoked, twice", [revoke, unrevoke, ["POST /unrevoke", {}, "ACTIVE", []]]],
    ["not revoked, so not unrevoked", [freeze, ["POST /unrevoke", {}, "FROZEN", []]]],
    ["frozen, revoked, and unrevoked without its frost", [freeze, revoke, unrevoke]],
    [
      "frozen and unfrozen",
      [
        freeze,
        ["PATCH ", { status: "FROZEN" }, "FROZEN", []],
        ["PATCH ", { frozen: false }, "ACTIVE", ["license.reinstated from suspended"]],
        ["PATCH ", { frozen: false }, "ACTIVE", []],
      ],
    ],
    [
      "set by status",
      [
        ["PATCH ", { status: "FROZEN" }, "FROZEN", ["license.suspended from active"]],
        ["PATCH ", { status: "ACTIVE" }, "ACTIVE", ["license.reinstated from suspended"]],
        ["PATCH ", { status: "REVOKED" }, "REVOKED", ["license.revoked"]],
        ["PATCH ", { frozen: false }, "REVOKED", []],
        ["PATCH ", { status: "ACTIVE" }, "ACTIVE", ["license.reinstated from revoked"]],
        ["PATCH ", { status: "ACTIVE" }, "ACTIVE", []],
      ],
    ],
  ])("a license is %s", async (_, steps) => {
    const { id } = await create();
    await events();
    for (const [route, body, status, told] of steps) {
      advance(MINUTE);
      const [method, action = ""] = route.split(" ");
      const reply = await call(`${method} /${id}${action}`, body);
      expect([reply.status, one(reply)?.["status"]]).toEqual([200, status]);
      expect(await events()).toEqual(told);
    }
  });

  test("since when is told, and what it is blocked from is every API", async () => {
    const { id, key } = await create();
    const native = () => world.call("verify", { licenseKey: key, productId: "prod_gecko" });
    advance(HOUR);
    const froze = await call(`PATCH /${id}`, { frozen: true });
    expect(one(froze)).toMatchObject({ frozenAt: iso(NOW + HOUR), revokedAt: null });
    expect((await native()).status).toBe(403);
    advance(HOUR);
    expect(one(await call(`GET /${id}`))).toMatchObject({
      frozenAt: iso(NOW + HOUR),
      revokedAt: null,
      updatedAt: iso(NOW + HOUR),
    });
    await call(`POST /${id}/revoke`);
    expect(one(await call(`GET /${id}`))).toMatchObject({
      frozenAt: null,
      revokedAt: iso(NOW + 2 * HOUR),
    });
    expect(said(await call(`PATCH /${id}`, { status: "FROZEN" }))).toEqual([409, "CONFLICT"]);
    await call(`POST /${id}/unrevoke`);
    expect(one(await call(`GET /${id}`))).toMatchObject({ frozenAt: null, revokedAt: null });
    expect((await native()).status).toBe(200);
  });

  test("the end is reached by the clock, and left by a later one or none", async () => {
    const { id } = await create({ expiresAt: iso(NOW + HOUR) });
    const status = async () => one(await call(`GET /${id}`))["status"];
    advance(HOUR - 1);
    expect(await status()).toBe("ACTIVE");
    advance(1);
    expect(await status()).toBe("EXPIRED");
    await call(`POST /${id}/revoke`);
    expect(one(await call(`POST /${id}/unrevoke`))).toMatchObject({ status: "EXPIRED" });
    const later = await call(`PATCH /${id}`, { expiresAt: iso(NOW + 2 * HOUR) });
    expect(one(later)).toMatchObject({ status: "ACTIVE", expirationMode: "fixed" });
    advance(HOUR);
    expect(one(await call(`PATCH /${id}`, { frozen: true }))).toMatchObject({ status: "FROZEN" });
    await call(`PATCH /${id}`, { frozen: false });
    expect(await status()).toBe("EXPIRED");
    const never = await call(`PATCH /${id}`, { expirationMode: "never" });
    expect(one(never)).toMatchObject({ status: "ACTIVE", effectiveExpiresAt: null });
  });
});

describe("patch", () => {
  test.each<[string, Json]>([
    ["nothing", {}],
    ["nothing that it knows", { licenseKey: "x" }],
    ["EXPIRED", { status: "EXPIRED" }],
    ["what contradicts itself", { status: "ACTIVE", frozen: true }],
    ["a mode without its date", { expirationMode: "both", expiresAfterDays: 2 }],
    ["days for a date", { expirationMode: "fixed", expiresAfterDays: 2 }],
    ["no text", { note: 7 }],
  ])("%s is 400", async (_, body) => {
    const { id, updatedAt } = await create();
    advance(MINUTE);
    expect(said(await call(`PATCH /${id}`, body))).toEqual([400, "VALIDATION_ERROR"]);
    expect(one(await call(`GET /${id}`))).toMatchObject({ updatedAt });
  });

  test("terms are changed one by one, and a mode drops what it has no room for", async () => {
    const { id } = await create({ expiresAt: iso(NOW + 9 * DAY), note: "first" });
    const patched = async (body: Json) => one(await call(`PATCH /${id}`, body));
    expect(await patched({ expiresAfterDays: 3 })).toMatchObject({
      expirationMode: "both",
      expiresAt: iso(NOW + 9 * DAY),
      note: "first",
    });
    expect(await patched({ expirationMode: "afterActivation" })).toMatchObject({
      expirationMode: "afterActivation",
      expiresAt: null,
      effectiveExpiresAt: null,
      expiresAfterDays: 3,
    });
    expect(await patched({ expiresAfterDays: null, note: null })).toMatchObject({
      expirationMode: "never",
      note: null,
    });
    const policyOverride = { v: 1, limits: { concurrency: { mode: "limit", maxActive: 2 } } };
    expect(await patched({ policyOverride })).toMatchObject({ policyOverride });
    expect(await patched({ policyOverride: null })).toMatchObject({ policyOverride: null });
    expect(said(await call(`PATCH /${id}`, { policyOverride: 5 }))).toEqual([
      400,
      "INVALID_POLICY",
    ]);
  });

  test("a limit that is set natively holds, whatever the policy says later", async () => {
    const { id, key } = await create();
    await world.admin("updateLicense", { licenseKey: key, maxMachines: 1 });
    const policyOverride = { limits: { hwid: { mode: "limit", maxDistinct: 3 } } };
    expect((await call(`PATCH /${id}`, { policyOverride })).status).toBe(200);
    expect((await licenseOf(world, String(key))).maxMachines).toBe(1);
  });

  test("a policy that limits what had no limit counts the machines that are there", async () => {
    const { id, key } = await create();
    for (const name of ["a", "b"]) {
      const joins = machine(String(key), name, "prod_gecko");
      expect((await world.call("activate", joins)).status).toBe(200);
    }
    const policyOverride = { limits: { hwid: { mode: "limit", maxDistinct: 2 } } };
    expect((await call(`PATCH /${id}`, { policyOverride })).status).toBe(200);
    expect(await licenseOf(world, String(key))).toMatchObject({ maxMachines: 2, machinesUsed: 2 });
    const third = await world.call("activate", machine(String(key), "c", "prod_gecko"));
    expect([third.status, third.body["code"]]).toEqual([403, "MACHINE_LIMIT_REACHED"]);
    expect((await call(`PATCH /${id}`, { policyOverride: null })).status).toBe(200);
    const again = await world.call("activate", machine(String(key), "c", "prod_gecko"));
    expect(again.status).toBe(200);
  });
});

describe("owners", () => {
  const ANN = "e1e10000-0000-4000-8000-000000000001";
  const BOB = "e1e10000-0000-4000-8000-000000000002";
  const counted = async (id: string) => (await world.store.get(endUsers, id))?.licenseCounts;
  beforeEach(async () => {
    await putEndUser(world, { id: ANN });
    await putEndUser(world, { id: BOB, email: "bob@example.com", username: null });
  });

  test("licenses are given, moved, taken and deleted, and each end user's count keeps up", async () => {
    const { productId } = owner;
    const { id } = await create({ endUserId: ANN });
    await create({ endUserId: ANN, count: 3 });
    expect(await counted(ANN)).toEqual({ [productId]: 4 });
    expect(one(await call(`GET /${id}`))).toMatchObject({
      endUserId: ANN,
      endUserUsername: "ann",
      endUserEmail: "ann@example.com",
    });
    const moved = await call(`PATCH /${id}`, { endUserId: BOB });
    expect(one(moved)).toMatchObject({ endUserUsername: null, endUserEmail: "bob@example.com" });
    expect([await counted(ANN), await counted(BOB)]).toEqual([
      { [productId]: 3 },
      { [productId]: 1 },
    ]);
    expect((await world.store.get(endUsers, BOB))?.productIds).toEqual([productId]);
    await call(`DELETE /${id}`);
    expect(await world.store.get(endUsers, BOB)).toMatchObject({
      licenseCounts: {},
      productIds: [],
    });
    const [left] = (await list({ endUserId: ANN })).found;
    expect(one(await call(`PATCH /${left?.["id"]}`, { endUserId: null }))).toMatchObject({
      endUserId: null,
      endUserEmail: null,
    });
    expect(await counted(ANN)).toEqual({ [productId]: 2 });
  });

  test("another address, set natively, is another person", async () => {
    const { id, key } = await create({ endUserId: ANN });
    await world.admin("updateLicense", { licenseKey: key, email: "carl@example.com" });
    expect(one(await call(`GET /${id}`))).toMatchObject({ endUserId: null, endUserEmail: null });
    expect(await counted(ANN)).toEqual({});
  });

  test("404 for whom the account does not have", async () => {
    const FOREIGN = "e1e10000-0000-4000-8000-000000000003";
    await putEndUser(world, { id: FOREIGN, accountId: "else", email: "c@example.com" });
    const { id } = await create();
    for (const endUserId of [FOREIGN, "e1e10000-0000-4000-8000-000000000004"]) {
      expect(said(await call("POST ", { endUserId }))).toEqual([404, "NOT_FOUND"]);
      expect(said(await call(`PATCH /${id}`, { endUserId }))).toEqual([404, "NOT_FOUND"]);
    }
    expect(await counted(FOREIGN)).toEqual({});
  });

  test("a key without end_user:read sees nothing of them, and finds nothing by them", async () => {
    const scopes = ["license:read", "license:create", "license:update", "license:revoke"];
    const blind = await geckoKey(world, "prod_gecko", { scopes });
    const made = await create({ endUserId: ANN, note: "for ann" }, blind);
    const path = `/${made["id"]}`;
    const replies = [
      one(await call(`GET ${path}`, undefined, blind)),
      one(await call(`PATCH ${path}`, { note: "for ann" }, blind)),
      one(await call(`POST ${path}/revoke`, {}, blind)),
      ...(await list({}, blind)).found,
      made,
    ];
    for (const license of replies) {
      expect(Object.keys(license).filter((name) => name.startsWith("endUser"))).toEqual([]);
    }
    const { status, body } = await list({ endUserId: ANN }, blind);
    expect([status, (body["error"] as Json)["code"]]).toEqual([403, "PERMISSION_DENIED"]);
    for (const search of ["ann@ex", "ann@example.com", "an"]) {
      expect((await list({ search }, blind)).pagination).toMatchObject({ total: 0 });
      expect((await list({ search })).pagination).toMatchObject({ total: 1 });
    }
    expect((await list({ search: "for A" }, blind)).pagination).toMatchObject({ total: 1 });
  });
});

describe("delete", () => {
  test("the license is gone for every API, its machines with it, its sale forgives it", async () => {
    const sale = { type: "purchase.completed", email: "a@example.com", productId: "prod_gecko" };
    const headers = { "x-webhook-secret": "test-native-secret" };
    const sold = await world.call("webhook", { ...sale, purchaseId: "pur_1" }, { headers });
    const key = String(sold.body["licenseKey"]);
    const joins = machine(key, "a", "prod_gecko");
    const { body } = await world.call("activate", joins);
    const { id } = await licenseOf(world, key);
    await events();
    const reply = await call(`DELETE /${id}`);
    expect([reply.status, reply.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
    expect(await events()).toEqual([]);
    expect(said(await call(`DELETE /${id}`))).toEqual([404, "NOT_FOUND"]);
    expect(said(await call(`GET /${id}`))).toEqual([404, "NOT_FOUND"]);
    expect((await list()).pagination).toMatchObject({ total: 0 });
    const left = { equal: { licenseId: id } };
    expect(await world.store.count(activations, "byLicense", left)).toBe(0);
    const asked = { licenseKey: key, machineFingerprint: "fp-a", token: body["token"] };
    for (const name of ["validate", "heartbeat", "deactivate"]) {
      expect([name, (await world.call(name, asked)).body["code"]]).toEqual([
        name,
        "LICENSE_NOT_FOUND",
      ]);
    }
    const refund = { type: "purchase.refunded", purchaseId: "pur_1", productId: "prod_gecko" };
    expect((await world.call("webhook", refund, { headers })).status).toBe(200);
    const again = await world.call("webhook", { ...sale, purchaseId: "pur_1" }, { headers });
    expect(again.status).toBe(200);
    const entry = (await auditOf(world)).find(({ action }) => action === "license.delete");
    expect(entry).toMatchObject({ targetId: id, after: null });
    expect(JSON.stringify(entry)).not.toContain(key);
  });

  test("a WordPress site goes on without it", async () => {
    const ask = wordpress(world, await wordpressKey(world));
    const license_key = await world.license();
    const site_token = await registeredToken(ask, { license_key });
    const tools = await geckoKey(world, "prod_tools");
    const { id } = await licenseOf(world, license_key);
    expect((await call(`DELETE /${id}`, undefined, tools)).status).toBe(200);
    for (const path of ["heartbeat", "pending-actions"]) {
      expect([path, (await ask(path, { site_token })).status]).toEqual([path, 200]);
    }
    expect((await world.admin("listSites", {}))["sites"]).toHaveLength(1);
  });

  test("floating seats that a crash left behind go with the next sweep", async () => {
    const key = await world.license({ productId: "prod_gecko", licenseType: "floating" });
    const { id, keyHash } = await licenseOf(world, key);
    await world.call("activate", machine(key, "a", "prod_gecko"));
    await world.store.commit([{ kind: "delete", collection: licenses, id: keyHash }]);
    advance(HOUR);
    await expireFloatingSessions(world.deps, { maxSeats: 100 });
    const left = { equal: { licenseId: id } };
    expect(await world.store.count(activations, "byLicense", left)).toBe(0);
  });

  test("a repeat under its Idempotency-Key says so again", async () => {
    const { id } = await create();
    const headers = { "Idempotency-Key": "d" };
    await call(`DELETE /${id}`, undefined, owner, headers);
    const again = await call(`DELETE /${id}`, undefined, owner, headers);
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  });
});

describe("lists", () => {
  test("are newest first, by pages that are clamped, empty past the end and 400 before the first", async () => {
    for (const n of [1, 2, 3]) {
      await create({ key: `key-${n}` });
      advance(1);
    }
    expect(keysOf(await list({ pageSize: 2 }))).toEqual(["key-3", "key-2"]);
    const second = await list({ page: 2, pageSize: 2 });
    expect(keysOf(second)).toEqual(["key-1"]);
    expect(second.pagination).toEqual({ page: 2, pageSize: 2, total: 3, totalPages: 2 });
    expect(await list({ page: 9 })).toMatchObject({ found: [], pagination: { total: 3 } });
    expect((await list({ pageSize: 5_000 })).pagination).toMatchObject({ pageSize: 1_000 });
    for (const page of ["0", "-1", "1.5", "x"]) expect((await list({ page })).status).toBe(400);
    for (const query of [{ status: "GOOD" }, { endUserId: "ann" }]) {
      expect((await list(query)).status).toBe(400);
    }
  });

  test("by status agree with the clock, whoever was looked at when", async () => {
    const terms: Json[] = [
      { key: "forever" },
      { key: "soon", expiresAt: iso(NOW + HOUR) },
      { key: "over", expiresAt: iso(NOW - HOUR) },
      { key: "frozen", expiresAt: iso(NOW + HOUR) },
      { key: "revoked" },
    ];
    const ids = new Map<unknown, unknown>();
    for (const body of terms) ids.set(body["key"], (await create(body))["id"]);
    await call(`PATCH /${ids.get("frozen")}`, { frozen: true });
    await call(`POST /${ids.get("revoked")}/revoke`);
    const native = await world.license({ productId: "prod_gecko" });
    const by = async (status: string) => {
      const listed = await list({ status });
      expect(listed.pagination).toMatchObject({ total: listed.found.length });
      expect(new Set(listed.found.map((license) => license["status"])).size).toBeLessThan(2);
      return new Set(keysOf(listed));
    };
    const rest = { FROZEN: new Set(["frozen"]), REVOKED: new Set(["revoked"]) };
    const all = async () => {
      const statuses = ["ACTIVE", "EXPIRED", "FROZEN", "REVOKED"];
      const found = await Promise.all(statuses.map(async (one) => [one, await by(one)] as const));
      return Object.fromEntries(found);
    };
    const before = { ACTIVE: new Set(["forever", "soon", native]), EXPIRED: new Set(["over"]) };
    expect(await all()).toEqual({ ...before, ...rest });
    advance(HOUR);
    const after = { ACTIVE: new Set(["forever", native]), EXPIRED: new Set(["over", "soon"]) };
    expect(await all()).toEqual({ ...after, ...rest });
    await call(`PATCH /${ids.get("soon")}`, { expiresAt: iso(NOW + 2 * HOUR) });
    expect(await all()).toEqual({ ...before, ...rest });
    await world.admin("updateLicense", { licenseKey: "soon", expiresAt: iso(NOW) });
    expect(await all()).toEqual({ ...after, ...rest });
  });

  test("a license in its grace is ACTIVE until that is over", async () => {
    const { id, key } = await create({ expiresAt: iso(NOW + HOUR) });
    const license = await licenseOf(world, String(key));
    const record = { ...license, graceMs: HOUR, refileAt: NOW + 2 * HOUR };
    await world.store.commit([{ kind: "set", collection: licenses, record }]);
    for (const [ms, status] of [
      [HOUR, "ACTIVE"],
      [HOUR, "EXPIRED"],
    ] as const) {
      advance(ms);
      expect(one(await call(`GET /${id}`))["status"]).toBe(status);
      expect(keysOf(await list({ status }))).toEqual([key]);
    }
  });

  test("days that begin with the first activation end in the lists, too", async () => {
    const { key } = await create({ expiresAfterDays: 1 });
    await world.call("activate", machine(String(key), "a", "prod_gecko"));
    expect(keysOf(await list({ status: "ACTIVE" }))).toEqual([key]);
    advance(DAY);
    expect(keysOf(await list({ status: "ACTIVE" }))).toEqual([]);
    expect(keysOf(await list({ status: "EXPIRED" }))).toEqual([key]);
  });

  test("a search finds what begins so: keys, notes, addresses, names; with the other filters", async () => {
    const ann = await putEndUser(world, { email: "ann.long-address-indeed@example.com" });
    await create({ key: "GG-ABCDE-FGHJK-MNPQR-STUVW", note: "Reseller North" });
    await create({ key: "customer_0001", endUserId: ann.id });
    await create({
      key: "customer_0002",
      endUserId: ann.id,
      note: "Reseller South, second floor, left",
    });
    const revoked = await create({ key: "customer_0003" });
    await call(`POST /${revoked["id"]}/revoke`);
    const found = async (query: Json) => {
      const listed = await list(query);
      expect(listed.pagination).toMatchObject({ total: listed.found.length });
      return keysOf(listed)
        .map((key) => String(key).slice(-4))
        .sort();
    };
    expect(await found({ search: "gg-abcde-f" })).toEqual(["TUVW"]);
    expect(await found({ search: "GG-ABCDE-FGHJK-MNPQR-STUVW" })).toEqual(["TUVW"]);
    expect(await found({ search: "c" })).toEqual(["0001", "0002", "0003"]);
    expect(await found({ search: "customer_000" })).toEqual(["0001", "0002", "0003"]);
    expect(await found({ search: "CUSTOMER_0002" })).toEqual(["0002"]);
    expect(await found({ search: "ann.long-address-indeed@ex" })).toEqual(["0001", "0002"]);
    expect(await found({ search: "reseller" })).toEqual(["0002", "TUVW"]);
    expect(await found({ search: "reseller south, SECOND floor, le" })).toEqual(["0002"]);
    expect(await found({ search: "nobody" })).toEqual([]);
    expect(await found({ search: "cust", status: "ACTIVE" })).toEqual(["0001", "0002"]);
    expect(await found({ search: "customer_0003", status: "ACTIVE" })).toEqual([]);
    expect(await found({ search: "reseller", endUserId: ann.id })).toEqual(["0002"]);
    expect(await found({ endUserId: ann.id, status: "ACTIVE" })).toEqual(["0001", "0002"]);
    expect(await found({ endUserId: ann.id, status: "REVOKED" })).toEqual([]);
    expect(await found({ search: " - " })).toEqual(["0001", "0002", "0003", "TUVW"]);
  });

  test("a page of 1,000 licenses costs the page, its count and its place", async () => {
    for (const from of [0, 500]) {
      await call("POST ", { count: 500, note: `half ${from}` });
      advance(1);
    }
    const cost = async (query: Json) => {
      const { found, pagination } = await list({ pageSize: 100, ...query });
      await world.settled();
      const { reads, writes, aggregates } = world.touched();
      return { found: found.length, total: pagination["total"], reads, writes, aggregates };
    };
    const page = { found: 100, total: 1_000, aggregates: 1 };
    expect(await cost({})).toEqual({ ...page, reads: 101, writes: 1 });
    expect(await cost({ page: 2 })).toEqual({ ...page, reads: 102, writes: 1 });
    expect(await cost({ page: 10 })).toEqual({ ...page, reads: 102, writes: 0 });
    expect(await cost({ status: "ACTIVE" })).toEqual({ ...page, reads: 102, writes: 1 });
    expect(await cost({ search: "half 5" })).toEqual({
      ...page,
      total: 500,
      reads: 101,
      writes: 1,
    });
    expect(await cost({ search: "gg" })).toEqual({ ...page, reads: 101, writes: 1 });
    expect(await cost({ status: "EXPIRED" })).toEqual({
      found: 0,
      total: 0,
      aggregates: 1,
      reads: 2,
      writes: 0,
    });
  }, 20_000);

  test("hundreds that end at once are told apart in the next list", async () => {
    await call("POST ", { count: 300, expiresAt: iso(NOW + HOUR) });
    await call("POST ", { count: 5 });
    advance(HOUR);
    expect((await list({ status: "ACTIVE" })).pagination).toMatchObject({ total: 5 });
    expect((await list({ status: "EXPIRED" })).pagination).toMatchObject({ total: 300 });
  });
});

describe("resets", () => {
  const hash = (n: number) => String(n).repeat(64);
  const bound = (n: number, revokedAt: number | null = null) => ({
    valueHash: hash(n),
    region: null,
    firstSeenAt: NOW,
    lastSeenAt: NOW,
    revokedAt,
  });

  test.each([
    ["hwid", "hwids", "hwidResetCount"],
    ["ip", "addresses", "ipResetCount"],
  ] as const)(
    "of %s revoke what is live, count, and know no budget",
    async (kind, field, counter) => {
      const policyOverride = { limits: { hwid: { mode: "limit", maxDistinct: 3 } } };
      const { id, key } = await create({ policyOverride });
      const authorization = { ...NEVER_AUTHORIZED, [field]: [bound(1), bound(2), bound(3, NOW)] };
      const machinesUsed = kind === "hwid" ? 2 : 0;
      await changeLicense(world, String(key), { authorization, machinesUsed });
      await events();
      const reset = () => call(`POST /${id}/reset-${kind}`, {});
      expect((await reset()).body).toEqual({
        ok: true,
        data: {
          licenseId: id,
          cleared: 2,
          resets: { used: 1, max: 3, remaining: 2, nextAllowedAt: iso(NOW + DAY) },
        },
      });
      expect(await events()).toEqual([`license.${kind}_reset`]);
      const after = await licenseOf(world, String(key));
      expect(after.machinesUsed).toBe(0);
      expect(after.authorization?.[field].every(({ revokedAt }) => revokedAt === NOW)).toBe(true);
      for (let more = 0; more < 3; more++) await reset();
      expect(dataOf(await reset())).toMatchObject({
        cleared: 0,
        resets: { used: 5, remaining: 0, nextAllowedAt: null },
      });
      expect(one(await call(`GET /${id}`))).toMatchObject({ [counter]: 5 });
    },
  );
});

test("whatever is sent, the answer is in the envelope and no fault of ours", async () => {
  const { id } = await create();
  const word = fc.oneof(
    fc.constantFrom("status", "search", "page", "pageSize", "endUserId", "key", "count", "note"),
    fc.constantFrom("policyOverride", "expirationMode", "expiresAt", "expiresAfterDays", "frozen"),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      "ACTIVE",
      "FROZEN",
      "both",
      "fixed",
      null,
      true,
      -1,
      0,
      1,
      1e21,
      "1e9",
    ),
    fc.constantFrom<unknown>(iso(NOW), "+275760-09-13T00:00:00.001Z", "0001-01-01T00:00:00Z", id),
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: "binary" }),
  );
  const bodies = fc.oneof(
    fc.dictionary(word, value, { maxKeys: 4 }).map((body) => JSON.stringify(body)),
    fc.jsonValue().map((body) => JSON.stringify(body)),
    fc.string(),
  );
  const routes = fc.constantFrom("POST ", `PATCH /${id}`, `POST /${id}/revoke`, `DELETE /${id}x`);
  const queries = fc.dictionary(word, fc.oneof(value.map(String), fc.string()), { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(routes, bodies, queries, async (route, raw, query) => {
      const [method, path] = route.split(" ");
      const changed = await geckoCall(world, `${method} ${at(path)}`, owner, { raw });
      const listed = await geckoCall(world, `GET ${at()}`, owner, { query });
      for (const { status, body } of [changed, listed]) {
        expect([status, status < 500]).toEqual([status, true]);
        expect(body["ok"]).toBe(status < 300);
      }
    }),
    { numRuns: 300 },
  );
}, 30_000);

describe("one license, all APIs", () => {
  test("the native functions show, find, verify, activate and change one of nobody's", async () => {
    const { key } = await create({ policyOverride: { limits: { hwid: { mode: "sticky" } } } });
    const shown = await world.admin("getLicense", { licenseKey: key });
    expect(shown["license"]).toMatchObject({ key, email: "", maxMachines: 1, status: "active" });
    const listed = await world.admin("listLicenses", { productId: "prod_gecko" });
    expect(listed["licenses"]).toMatchObject([{ key, email: "" }]);
    expect(
      await world.admin("listLicenses", { search: `GG${String(key).slice(3, 6)}` }),
    ).toMatchObject({
      licenses: [{ key }],
    });
    const verified = await world.call("verify", { licenseKey: key, productId: "prod_gecko" });
    expect(verified.body).toMatchObject({ valid: true });
    const joined = await world.call("activate", machine(String(key), "a", "prod_gecko"));
    expect(joined.status).toBe(200);
    const refused = await world.call("activate", machine(String(key), "b", "prod_gecko"));
    expect(refused.body).toMatchObject({ code: "MACHINE_LIMIT_REACHED" });
    await world.admin("revokeLicense", { licenseKey: key });
    expect((await list({ status: "REVOKED" })).pagination).toMatchObject({ total: 1 });
    const rotated = await world.admin("rotateLicenseKey", { licenseKey: key });
    expect(keysOf(await list({ search: String(rotated["licenseKey"]) }))).toEqual([
      rotated["licenseKey"],
    ]);
  });

  test("a native license is shown, patched and deleted here; its machines keep their own limit", async () => {
    const key = await world.license({ productId: "prod_gecko", maxMachines: 5 });
    const [shown] = (await list()).found;
    expect(shown).toMatchObject({ key, endUserId: null, endUserEmail: null, status: "ACTIVE" });
    const policyOverride = { v: 1, limits: { hwid: { mode: "sticky" } } };
    const patched = one(await call(`PATCH /${shown?.["id"]}`, { policyOverride, note: "n" }));
    expect(patched).toMatchObject({ policyOverride, note: "n" });
    expect(await licenseOf(world, key)).toMatchObject({ maxMachines: 5 });
    expect((await call(`DELETE /${shown?.["id"]}`)).status).toBe(200);
    const gone = await world.call("verify", { licenseKey: key, productId: "prod_gecko" });
    expect(gone.status).toBe(404);
  });
});
