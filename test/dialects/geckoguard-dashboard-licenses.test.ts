import fc from "fast-check";
import { keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import { shardIdsOf } from "../../functions/src/operations/activations/seat-counter.ts";
import type { Deps } from "../../functions/src/operations/deps.ts";
import { changeMany } from "../../functions/src/operations/licenses/change-many.ts";
import { redeemLicense } from "../../functions/src/operations/licenses/redeem-license.ts";
import {
  activations,
  auditEntries,
  endUsers,
  licenses,
  outbox,
  seatShards,
  users,
} from "../../functions/src/store/collections.ts";
import type { TransactionBody } from "../../functions/src/store/document-store.ts";
import {
  as,
  auth,
  dataOf,
  member,
  openGecko,
  org,
  PASSWORD,
  type Person,
  person,
} from "../support/dashboard.ts";
import { putEndUser } from "../support/end-users.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { detailsOf, NOBODYS, said } from "../support/geckoguard.ts";
import { DAY, type Json, machine, NOW, type Reply, type World } from "../support/world.ts";

let world: World;
let you: Person;
let orgId: string;
let productId: string;
beforeEach(async () => {
  world = await openGecko();
  you = await person(world);
  orgId = await org(world, you);
  productId = await product();
});
afterEach(() => world.close());

const ALL = "/v1/dashboard/licenses";
const at = (path = "", id = orgId) => `/v1/dashboard/orgs/${id}/licenses${path}`;
const iso = (instant: number) => new Date(instant).toISOString();
const one = (reply: Reply) => dataOf(reply)["license"] as Json;

async function product(id = orgId, name = "Desktop App", who = you): Promise<string> {
  const body = { orgId: id, name };
  const made = await as(world, who, "POST /v1/dashboard/products", { body });
  return String((dataOf(made)["product"] as Json)["id"]);
}
async function make(body: Json = {}, id = orgId): Promise<Json[]> {
  const reply = await as(world, you, `POST ${at("", id)}`, { body: { productId, ...body } });
  if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
  return dataOf(reply)["licenses"] as Json[];
}
const makeOne = async (body: Json = {}) => (await make(body))[0] as Json;
async function list(query: Record<string, string> = {}, path = at()) {
  const reply = await as(world, you, `GET ${path}`, { query });
  const data = dataOf(reply) ?? {};
  return {
    code: said(reply),
    ids: ((data["licenses"] ?? []) as Json[]).map(({ id }) => id),
    pagination: data["pagination"] as Json,
    found: (data["licenses"] ?? []) as Json[],
  };
}
const idsOf = (found: Json[]) => found.map(({ id }) => id);
const bulk = (verb: string, licenseIds: unknown, more: Json = {}, headers = {}) => {
  const route = verb === "delete" ? `DELETE ${at()}` : `POST ${at(`/${verb}`)}`;
  return as(world, you, route, { body: { licenseIds, ...more }, headers });
};
const shown = async (id: unknown) => one(await as(world, you, `GET ${ALL}/${id}`));

/** Makes that transaction from now on fail; what is returned makes the store whole again. */
function breakTransaction(nth: number): () => void {
  const { store } = world;
  const whole = store.transaction;
  let calls = 0;
  store.transaction = async <R>(body: TransactionBody<R>): Promise<R> => {
    calls += 1;
    if (calls === nth) throw new Error("crash");
    return whole.call(store, body) as Promise<R>;
  };
  return () => {
    store.transaction = whole;
  };
}

test("a client walks through: login, organizations, products, licenses, and a new one", async () => {
  const login = await auth(world, "login", { email: you.email, password: PASSWORD });
  const { accessToken } = dataOf(login)["tokens"] as Record<string, string>;
  const me = { ...you, accessToken: String(accessToken) };
  const { orgs } = dataOf(await as(world, me, "GET /v1/dashboard/orgs")) as { orgs: Json[] };
  const org = String(orgs[0]?.["id"]);
  const found = await as(world, me, `GET /v1/dashboard/orgs/${org}/products`);
  const first = (dataOf(found)["products"] as Json[])[0]?.["id"];
  const page = `/v1/dashboard/orgs/${org}/licenses`;
  const query = { page: "1", pageSize: "20" };
  expect((await as(world, me, `GET ${page}`, { query })).body).toEqual({
    ok: true,
    data: { licenses: [], pagination: { page: 1, pageSize: 20, total: 0, totalPages: 0 } },
  });
  const headers = { "idempotency-key": "walk" };
  const ask = { body: { productId: first, expiresAfterDays: 30 }, headers };
  const made = await as(world, me, `POST ${page}`, ask);
  const license = {
    id: expect.any(String),
    key: expect.stringMatching(/^GG(-[23456789ABCDEFGHJKLMNPQRSTUVWXYZ]{5}){4}$/),
    productId: first,
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
  };
  expect([made.status, dataOf(made)]).toEqual([201, { license, licenses: [license], count: 1 }]);
  const again = await as(world, me, `POST ${page}`, ask);
  expect([again.body, again.headers.get("idempotent-replayed")]).toEqual([made.body, "true"]);
  expect(dataOf(await as(world, me, `GET ${page}`, { query }))).toEqual({
    licenses: [one(made)],
    pagination: { page: 1, pageSize: 20, total: 1, totalPages: 1 },
  });
});

describe("lists", () => {
  test("by product, status, search and owner, over one organization and over all of one's own", async () => {
    const owner = await putEndUser(world, { accountId: orgId });
    const other = await org(world, you, "Other");
    const elsewhere = await product(other, "Elsewhere");
    const [plain] = await make({ note: "plain" });
    world.clock.advance(1);
    const [owned] = await make({ endUserId: owner.id, key: "Owned-1" });
    world.clock.advance(1);
    const [over] = await make({ expiresAt: iso(NOW + DAY) });
    world.clock.advance(1);
    const [foreign] = await make({ productId: elsewhere }, other);
    world.clock.advance(1);
    const second = await product(orgId, "Second");
    const [lone] = await make({ productId: second });
    const named = { plain, owned, over, foreign, lone } as Record<string, Json>;
    const nameOf = (id: unknown) => Object.keys(named).find((name) => named[name]?.["id"] === id);
    const names = async (query: Record<string, string>, path = at()) => {
      const { ids, pagination } = await list(query, path);
      expect(pagination["total"]).toBe(ids.length);
      return ids.map(nameOf).join(" ");
    };
    expect(await names({})).toBe("lone over owned plain");
    expect(await names({}, ALL)).toBe("lone foreign over owned plain");
    expect(await names({ productId })).toBe("over owned plain");
    expect(await names({ productId: second }, ALL)).toBe("lone");
    expect(await names({ status: "EXPIRED" })).toBe("");
    world.clock.advance(DAY);
    you = { ...you, accessToken: (await tokens()).accessToken };
    expect(await names({ status: "EXPIRED" })).toBe("over");
    expect(await names({ status: "EXPIRED" }, ALL)).toBe("over");
    expect(await names({ status: "ACTIVE" }, ALL)).toBe("lone foreign owned plain");
    expect(await names({ search: "own" })).toBe("owned");
    expect(await names({ search: "Owned-1" }, ALL)).toBe("owned");
    expect(await names({ search: owner.email }, ALL)).toBe("owned");
    expect(await names({ search: "plain", status: "ACTIVE" })).toBe("plain");
    expect(await names({ endUserId: owner.id }, ALL)).toBe("owned");
    expect(await names({ endUserId: owner.id, search: "plain" })).toBe("");
    expect((await list({ productId: elsewhere })).code).toEqual([404, "NOT_FOUND"]);
    expect((await list({ productId: NOBODYS }, ALL)).code).toEqual([404, "NOT_FOUND"]);
    expect((await list({ status: "GONE" })).code).toEqual([400, "VALIDATION_ERROR"]);
  });

  async function tokens() {
    const login = await auth(world, "login", { email: you.email, password: PASSWORD });
    return dataOf(login)["tokens"] as { accessToken: string };
  }

  test("over no organization the list is empty", async () => {
    const nobody = await person(world, "nobody@example.com");
    expect(dataOf(await as(world, nobody, `GET ${ALL}`))).toEqual({
      licenses: [],
      pagination: { page: 1, pageSize: 50, total: 0, totalPages: 0 },
    });
  });

  test("a page costs its own documents and one count, whatever there is besides", async () => {
    await make({ count: 500 });
    for (const page of ["1", "2", "3"]) {
      const { ids } = await list({ page, pageSize: "20" });
      await world.settled();
      expect(ids.length).toBe(20);
      // Two for who asks, and where the page begins from the second on; the next page's beginning is noted.
      const reads = 20 + 2 + (page === "1" ? 0 : 1);
      expect(world.touched()).toEqual({ reads, writes: 1, aggregates: 1 });
    }
    expect((await list({ pageSize: "5000" })).pagination).toMatchObject({ pageSize: 1_000 });
  });

  test("pages over several organizations hold every license once, newest first, for twice their cost", async () => {
    const expected: unknown[] = await Promise.all([1].map(async () => (await makeOne())["id"]));
    const others = [orgId];
    for (const name of ["B", "C"]) others.push(await org(world, you, name));
    const products = [productId];
    for (const id of others.slice(1)) products.push(await product(id, "P"));
    for (let n = 0; n < 40; n++) {
      world.clock.advance(1);
      // One has most of them, in runs.
      const which = n % 7 === 0 ? 1 : n % 11 === 0 ? 2 : 0;
      const [made] = await make({ productId: products[which] }, others[which]);
      expected.unshift(made?.["id"]);
    }
    const seen: unknown[] = [];
    for (let page = 1; page <= 6; page++) {
      const { ids, pagination } = await list({ page: `${page}`, pageSize: "8" }, ALL);
      await world.settled();
      seen.push(...ids);
      expect(pagination).toMatchObject({ total: 41, totalPages: 6 });
      expect(world.touched().reads).toBeLessThanOrEqual(8 * 2 + 6 + 3);
    }
    expect(seen).toEqual(expected);
    const last = await list({ page: "4", pageSize: "10" }, ALL);
    expect(last.ids).toEqual(expected.slice(30, 40));
  });
});

describe("one license", () => {
  test("read, patched, revoked, made good and reset by its id alone", async () => {
    const made = await makeOne();
    const path = `${ALL}/${made["id"]}`;
    expect(await shown(made["id"])).toEqual(made);
    const patch = (body: Json) => as(world, you, `PATCH ${path}`, { body });
    expect(one(await patch({ note: "Seen", expiresAt: iso(NOW + DAY) }))).toMatchObject({
      note: "Seen",
      expirationMode: "fixed",
    });
    expect(one(await patch({ frozen: true }))).toMatchObject({ status: "FROZEN" });
    const post = (verb: string) => as(world, you, `POST ${path}/${verb}`);
    expect(one(await post("revoke"))).toMatchObject({ status: "REVOKED", revokedAt: iso(NOW) });
    expect(one(await post("unrevoke"))).toMatchObject({ status: "ACTIVE", revokedAt: null });
    for (const kind of ["hwid", "ip"])
      expect(dataOf(await post(`reset-${kind}`))).toEqual({
        licenseId: made["id"],
        cleared: 0,
        resets: { used: 1, max: 3, remaining: 2, nextAllowedAt: iso(NOW + DAY) },
      });
    expect(said(await patch({}))).toEqual([400, "VALIDATION_ERROR"]);
    const policyOverride = { limits: { hwid: { mode: "limit" } } };
    expect(said(await patch({ policyOverride }))).toEqual([400, "INVALID_POLICY"]);
  });

  test("404 for a license of others, as for none", async () => {
    const { id } = await makeOne();
    const stranger = await person(world, "stranger@example.com");
    for (const route of ["GET", "PATCH", "POST revoke", "POST reset-ip"]) {
      const [method, verb = ""] = route.split(" ");
      const ask = method === "PATCH" ? { body: { note: "mine" } } : {};
      const call = (which: unknown) =>
        as(world, stranger, `${method} ${ALL}/${which}${verb && `/${verb}`}`, ask);
      const [foreign, absent] = [await call(id), await call(NOBODYS)];
      expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
    }
  });

  test("400 for 501 licenses, 404 for another organization's product", async () => {
    const call = (body: Json) => as(world, you, `POST ${at()}`, { body });
    const many = await call({ productId, count: 501 });
    expect([said(many), detailsOf(many)]).toEqual([[400, "VALIDATION_ERROR"], ["count"]]);
    expect(detailsOf(await call({}))).toEqual(["productId"]);
    const other = await product(await org(world, you, "Other"), "Theirs");
    expect(said(await call({ productId: other }))).toEqual([404, "NOT_FOUND"]);
    expect((await make({ count: 500 })).length).toBe(500);
  });
});

describe("redeem", () => {
  const redeem = (licenseKey: unknown, who = you) =>
    as(world, who, `POST ${ALL}/redeem`, { body: { licenseKey } });

  test("gives it to whoever shows the key first, again the same, and to nobody else", async () => {
    const { key, id } = await makeOne({ key: "Redeem-1" });
    const buyer = await person(world, "buyer@example.com");
    const first = await redeem(key, buyer);
    expect([first.status, one(first)]).toMatchObject([
      200,
      { id, key, endUserId: expect.any(String), endUserEmail: "buyer@example.com" },
    ]);
    const again = await redeem(key, buyer);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(world.touched().writes).toBe(0);
    expect(said(await redeem(key, you))).toEqual([409, "ALREADY_CLAIMED"]);
    const { key: second } = await makeOne();
    const { endUserId } = one(await redeem(second, buyer));
    expect(endUserId).toBe(one(first)["endUserId"]);
    expect(await world.store.get(endUsers, String(endUserId))).toMatchObject({
      accountId: orgId,
      licenseCounts: { [productId]: 2 },
    });
    expect((await list({ endUserId: String(endUserId) })).pagination).toMatchObject({ total: 2 });
    const ban = `POST /v1/dashboard/orgs/${orgId}/end-users/${endUserId}/ban`;
    expect((await as(world, you, ban)).status).toBe(200);
    const { key: third } = await makeOne();
    expect(said(await redeem(third, buyer))).toEqual([403, "USER_BANNED"]);
    const equal = { accountId: orgId, action: "license.redeem" };
    const log = await world.store.query(auditEntries, "byAccountAndAction", { equal, limit: 9 });
    expect(log.items.map(({ actor }) => actor.userId)).toEqual([buyer.userId, buyer.userId]);
  });

  test("404 for a key of nothing, 409 for one that an end user has", async () => {
    expect(said(await redeem("Nothing-1"))).toEqual([404, "NOT_FOUND"]);
    expect(said(await redeem(7))).toEqual([400, "VALIDATION_ERROR"]);
    const sold = { email: "ann@example.com", productId, creatorId: orgId };
    const { licenseKey } = await world.admin("createLicense", sold);
    const inOtherSpelling = String(licenseKey).toLowerCase().replaceAll("-", "");
    expect(one(await redeem(inOtherSpelling))).toMatchObject({ key: licenseKey });
    const owner = await putEndUser(world, { accountId: orgId });
    const { key } = await makeOne({ endUserId: owner.id });
    expect(said(await redeem(key))).toEqual([409, "ALREADY_CLAIMED"]);
  });
});

describe("reports", () => {
  test("analytics count by status and product, as the clock has it", async () => {
    const second = await product(orgId, "Second");
    const [a, b] = await make({ count: 4 });
    await make({ productId: second, expiresAt: iso(NOW + 60_000) });
    await bulk("freeze", [a?.["id"]]);
    await bulk("revoke", [b?.["id"]]);
    world.clock.advance(60_000);
    const reply = await as(world, you, `GET ${at("/analytics")}`);
    const none = { ACTIVE: 0, EXPIRED: 0, FROZEN: 0, REVOKED: 0 };
    expect(dataOf(reply)).toEqual({
      total: 5,
      byStatus: { ACTIVE: 2, EXPIRED: 1, REVOKED: 1, FROZEN: 1 },
      byProduct: expect.arrayContaining([
        { productId: second, productName: "Second", total: 1, ...none, EXPIRED: 1 },
        {
          productId,
          productName: "Desktop App",
          total: 4,
          ACTIVE: 2,
          EXPIRED: 0,
          REVOKED: 1,
          FROZEN: 1,
        },
      ]),
    });
    await as(world, you, `GET ${at("/analytics")}`);
    // Who asks, a look for what is due, and the products.
    expect(world.touched()).toEqual({ reads: 2 + 1 + 2, writes: 0, aggregates: 12 });
  });

  test("expiring: from now to so many days, soonest first", async () => {
    const due = async (days: number) => (await makeOne({ expiresAt: iso(NOW + days * DAY) }))["id"];
    const [later, soon, never] = [await due(30), await due(3), (await makeOne())["id"]];
    const week = await due(7);
    const path = at("/expiring");
    expect((await list({}, path)).ids).toEqual([soon, week]);
    expect(world.touched()).toMatchObject({ reads: 4, writes: 0, aggregates: 1 });
    const month = await list({ days: "30", pageSize: "2" }, path);
    expect([month.ids, month.pagination]).toEqual([
      [soon, week],
      { page: 1, pageSize: 2, total: 3, totalPages: 2 },
    ]);
    expect((await list({ days: "30", pageSize: "2", page: "2" }, path)).ids).toEqual([later]);
    expect((await list({ days: "365" }, path)).ids).not.toContain(never);
    for (const days of ["0", "366", "x", "1.5"])
      expect((await list({ days }, path)).code).toEqual([400, "VALIDATION_ERROR"]);
  });
});

describe("export and import", () => {
  const HEADER =
    "id,key,productId,productName,status,expirationMode,expiresAt,expiresAfterDays,activatedAt,effectiveExpiresAt,endUserEmail,note,createdAt";
  async function fetched(format?: string) {
    const query = format ? `?format=${format}` : "";
    const headers = { authorization: `Bearer ${you.accessToken}` };
    const reply = await fetch(`${world.url}${at("/export")}${query}`, { headers });
    return { headers: reply.headers, text: await reply.text() };
  }
  const csv = (body: string, query = "") =>
    fetch(`${world.url}${at("/import")}${query}`, {
      method: "POST",
      headers: { authorization: `Bearer ${you.accessToken}`, "content-type": "text/csv" },
      body,
    }).then(async (reply) => ({ status: reply.status, body: (await reply.json()) as Json }));
  const send = (body: Json, headers = {}) =>
    as(world, you, `POST ${at("/import")}`, { body, headers });

  test("CSV: exact columns, CRLF, guarded formulas, a name; JSON: a plain array", async () => {
    const owner = await putEndUser(world, { accountId: orgId });
    const formula = await makeOne({ note: '=1+"1"', key: "-dash-1" });
    world.clock.advance(1);
    const plain = await makeOne({ endUserId: owner.id, expiresAfterDays: 3, key: "Key-1" });
    const { headers, text } = await fetched();
    expect(headers.get("content-type")).toContain("text/csv");
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename="licenses-${orgId}-2026-11-20.csv"`,
    );
    expect(text).toBe(
      [
        HEADER,
        `${plain["id"]},Key-1,${productId},Desktop App,ACTIVE,afterActivation,,3,,,${owner.email},,${plain["createdAt"]}`,
        `${formula["id"]},'-dash-1,${productId},Desktop App,ACTIVE,never,,,,,,"'=1+""1""",${formula["createdAt"]}`,
        "",
      ].join("\r\n"),
    );
    const json = await fetched("json");
    expect(JSON.parse(json.text)).toEqual([plain, formula]);
    expect(json.headers.get("content-disposition")).toContain(`${orgId}-2026-11-20.json"`);
    expect(JSON.parse((await fetched("xml")).text).error.code).toBe("VALIDATION_ERROR");
  });

  test("everything is exported, whatever pages hold, and read 500 at a time", async () => {
    for (const _ of [1, 2]) await make({ count: 400 });
    expect((await fetched()).text.split("\r\n").length).toBe(802);
    await world.settled();
    expect(world.touched()).toEqual({ reads: 2 + 800 + 1, writes: 0, aggregates: 0 });
  });

  test("what was exported is imported as it was, after it was deleted", async () => {
    const [a, b, c] = await make({ count: 3, expiresAt: iso(NOW + DAY), note: "+1" });
    const d = await makeOne({
      expirationMode: "both",
      expiresAfterDays: 9,
      expiresAt: iso(NOW + DAY),
    });
    await bulk("freeze", [b?.["id"]]);
    await bulk("revoke", [c?.["id"]]);
    const { text } = await fetched();
    const before = (await list()).found;
    await bulk("delete", idsOf(before));
    const reply = await csv(text);
    expect([reply.status, reply.body]).toEqual([
      200,
      { ok: true, data: { imported: 4, skipped: 0, errors: [] } },
    ]);
    const known = (found: Json[]) =>
      found
        .map(({ key, status, expirationMode, expiresAt, expiresAfterDays, note }) =>
          [key, status, expirationMode, expiresAt, expiresAfterDays, note].join(" "),
        )
        .sort();
    expect(known((await list()).found)).toEqual(known(before));
    expect([a, d].map((one) => one?.["status"])).toEqual(["ACTIVE", "ACTIVE"]);
    const again = await csv(text, "?skipDuplicates=true");
    expect(again.body["data"]).toEqual({ imported: 0, skipped: 4, errors: [] });
  });

  test("a row that is wrong is told of, and the others are imported", async () => {
    await make({ key: "Taken-1" });
    const rows = [
      { key: "Fresh-1", expirationMode: "fixed", expiresAt: iso(NOW + DAY), status: "FROZEN" },
      { key: "Taken-1" },
      { key: "Fresh-1" },
      { key: "no spaces" },
      { key: "Fresh-2", expirationMode: "fixed" },
      "no row",
      null,
      { key: "Fresh-3", productId: NOBODYS },
    ];
    const reply = await send({ productId, licenses: rows });
    const { imported, skipped, errors } = dataOf(reply) as Record<string, unknown>;
    expect([reply.status, imported, skipped]).toEqual([200, 1, 0]);
    expect((errors as Json[]).map(({ row, code }) => `${row} ${code}`)).toEqual([
      "2 DUPLICATE_KEY",
      "3 DUPLICATE_KEY",
      "4 VALIDATION_ERROR",
      "5 VALIDATION_ERROR",
      "6 VALIDATION_ERROR",
      "7 VALIDATION_ERROR",
      "8 NOT_FOUND",
    ]);
    expect((errors as Json[])[3]).toMatchObject({
      message: "expiresAt: is required where expirationMode is fixed",
    });
    expect((await list({ search: "Fresh" })).found).toMatchObject([
      {
        ...{ key: "Fresh-1", status: "FROZEN", frozenAt: iso(NOW) },
        effectiveExpiresAt: iso(NOW + DAY),
      },
    ]);
    const skipping = await send({ productId, licenses: rows.slice(0, 4), skipDuplicates: true });
    expect(dataOf(skipping)).toMatchObject({ imported: 0, skipped: 3, errors: [{ row: 4 }] });
  });

  test("a thousand rows, and no more; a product that is not ours is 404", async () => {
    const licenses = Array.from({ length: 1_001 }, (_, n) => ({ key: `Key-${n}` }));
    const tooMany = await send({ productId, licenses });
    expect([said(tooMany), detailsOf(tooMany)]).toEqual([[400, "VALIDATION_ERROR"], ["licenses"]]);
    const made = await send({ productId, licenses: licenses.slice(1) });
    expect(dataOf(made)).toEqual({ imported: 1_000, skipped: 0, errors: [] });
    expect((await list({ pageSize: "1" })).pagination).toMatchObject({ total: 1_000 });
    expect(said(await send({ productId: NOBODYS, licenses: [{ key: "Key-x" }] }))).toEqual([
      404,
      "NOT_FOUND",
    ]);
    for (const body of ['"open', "", "key\r\n"])
      expect([body, (await csv(body, `?productId=${productId}`)).status]).toEqual([body, 400]);
  }, 30_000);

  test("under an Idempotency-Key, an import that broke off is finished and answers as a whole", async () => {
    const licenses = Array.from({ length: 120 }, (_, n) => ({ key: `Key-${n}` }));
    const headers = { "idempotency-key": "import-1" };
    const mend = breakTransaction(3);
    const broken = await send({ productId, licenses }, headers);
    mend();
    expect(broken.status).toBe(500);
    const again = await send({ productId, licenses }, headers);
    expect(dataOf(again)).toEqual({ imported: 120, skipped: 0, errors: [] });
    expect((await list({ pageSize: "1" })).pagination).toMatchObject({ total: 120 });
  });
});

describe("bulk", () => {
  test("freeze, unfreeze, revoke and unrevoke tell what they changed and why not the rest", async () => {
    const [a, b] = idsOf(await make({ count: 2 }));
    const other = await org(world, you, "Other");
    const elsewhere = await product(other, "P");
    const [foreign] = idsOf(await make({ productId: elsewhere }, other));
    const not = (licenseId: unknown, reason: string) => ({ licenseId, reason });
    const unknown = [not(foreign, "NOT_FOUND"), not(NOBODYS, "NOT_FOUND")];
    const ids = [a, b, foreign, NOBODYS];
    await world.store.commit(
      (await world.store.query(outbox, "oldest", { limit: 900 })).items.map(({ id }) => ({
        kind: "delete" as const,
        collection: outbox,
        id,
      })),
    );
    expect(dataOf(await bulk("freeze", ids))).toEqual({ updated: 2, skipped: unknown });
    expect(await shown(a)).toMatchObject({ status: "FROZEN" });
    expect(dataOf(await bulk("freeze", [a, a]))).toEqual({
      updated: 0,
      skipped: [not(a, "UNCHANGED")],
    });
    expect(dataOf(await bulk("unfreeze", ids))).toMatchObject({ updated: 2 });
    expect(dataOf(await bulk("revoke", [a, foreign]))).toMatchObject({ updated: 1 });
    expect(dataOf(await bulk("freeze", [a, b]))).toEqual({
      updated: 1,
      skipped: [not(a, "CONFLICT")],
    });
    expect(dataOf(await bulk("unrevoke", [a, b]))).toEqual({
      updated: 1,
      skipped: [not(b, "UNCHANGED")],
    });
    const told = (await world.store.query(outbox, "oldest", { limit: 900 })).items;
    expect(told.filter(({ licenseId }) => licenseId === foreign)).toEqual([]);
    expect(told.filter(({ licenseId }) => licenseId === a).length).toBe(4);
    const equal = { accountId: orgId, targetId: String(a) };
    const log = await world.store.query(auditEntries, "byAccountAndTarget", { equal, limit: 99 });
    expect(log.items.map(({ action }) => action).sort()).toEqual([
      "license.reinstate",
      "license.revoke",
      "license.update",
      "license.update",
    ]);
  });

  test("extend by days or to a date", async () => {
    const [fixed, never, days] = [
      await makeOne({ expiresAt: iso(NOW + DAY) }),
      await makeOne(),
      await makeOne({ expiresAfterDays: 30 }),
    ];
    const ids = idsOf([fixed, never, days]);
    expect(dataOf(await bulk("extend", ids, { days: 10 }))).toEqual({
      updated: 2,
      skipped: [{ licenseId: never["id"], reason: "NEVER_EXPIRES" }],
    });
    expect(await shown(fixed["id"])).toMatchObject({ expiresAt: iso(NOW + 11 * DAY) });
    expect(await shown(days["id"])).toMatchObject({ expiresAfterDays: 40 });
    const expiresAt = iso(NOW + 90 * DAY);
    expect(dataOf(await bulk("extend", ids, { expiresAt }))).toEqual({
      updated: 1,
      skipped: [
        { licenseId: never["id"], reason: "NEVER_EXPIRES" },
        { licenseId: days["id"], reason: "NOT_ACTIVATED" },
      ],
    });
    expect(await shown(fixed["id"])).toMatchObject({ effectiveExpiresAt: expiresAt });
    for (const more of [{}, { days: 1, expiresAt }, { days: 0 }, { days: 3_651 }, { days: 1.5 }]) {
      const reply = await bulk("extend", ids, more);
      expect([said(reply), detailsOf(reply)]).toEqual([[400, "VALIDATION_ERROR"], ["days"]]);
    }
  });

  test("delete takes machines along and counts off owners", async () => {
    const owner = await putEndUser(world, { accountId: orgId });
    const [first, second] = await make({ count: 2, endUserId: owner.id });
    const third = await makeOne({ endUserId: owner.id });
    await world.call("activate", { ...machine(String(first?.["key"]), "a"), productId });
    const ids = idsOf([first ?? {}, second ?? {}]);
    expect(dataOf(await bulk("delete", [...ids, NOBODYS]))).toEqual({
      deleted: 2,
      skipped: [{ licenseId: NOBODYS, reason: "NOT_FOUND" }],
    });
    expect((await list()).ids).toEqual([third["id"]]);
    const equal = { accountId: orgId };
    expect(await world.store.count(activations, "countOfAccount", { equal })).toBe(0);
    expect(await world.store.get(endUsers, owner.id)).toMatchObject({
      licenseCounts: { [productId]: 1 },
    });
  });

  test("a large floating pool goes with the shards of its seats", async () => {
    const terms = { licenseType: "floating", maxMachines: 2_000, maxConcurrent: 2_000 };
    const email = "ann@example.com";
    const { licenseKey } = await world.admin("createLicense", { email, productId, ...terms });
    await world.call("activate", { ...machine(String(licenseKey), "a"), productId });
    const license = await world.store.get(licenses, keyHashOf(world.deps, String(licenseKey)));
    if (!license) throw new Error("There is no license.");
    const ids = shardIdsOf(license, 8);
    const shards = async () =>
      (await world.store.getMany(seatShards, ids)).filter((shard) => shard !== undefined).length;
    expect(await shards()).toBe(license.seatShards);
    expect(license.seatShards).toBeGreaterThan(0);
    expect(dataOf(await bulk("delete", [license.id]))).toMatchObject({ deleted: 1 });
    expect(await shards()).toBe(0);
    const again = await world.call("activate", { ...machine(String(licenseKey), "b"), productId });
    expect(again.body["code"]).toBe("LICENSE_NOT_FOUND");
  });

  test.each([[[]], [["x"]], [Array(501).fill(NOBODYS)], [7], [undefined]])(
    "400 for %j",
    async (licenseIds) => {
      for (const verb of ["freeze", "delete"]) {
        const reply = await bulk(verb, licenseIds);
        expect(said(reply)).toEqual([400, "VALIDATION_ERROR"]);
        expect(String(detailsOf(reply)?.[0])).toMatch(/^licenseIds/);
      }
    },
  );

  test("500 at once; under an Idempotency-Key what broke off is finished, and nothing is added twice", async () => {
    const made = await make({ count: 500, expiresAt: iso(NOW + DAY) });
    const headers = { "idempotency-key": "extend-1" };
    const mend = breakTransaction(9);
    const broken = await bulk("extend", idsOf(made), { days: 10 }, headers);
    mend();
    expect(broken.status).toBe(500);
    const again = await bulk("extend", idsOf(made), { days: 10 }, headers);
    expect(dataOf(again)).toEqual({ updated: 500, skipped: [] });
    const ends = new Set((await list({ pageSize: "500" })).found.map(({ expiresAt }) => expiresAt));
    expect([...ends]).toEqual([iso(NOW + 11 * DAY)]);
    const replayed = await bulk("extend", idsOf(made), { days: 10 }, headers);
    expect(replayed.headers.get("idempotent-replayed")).toBe("true");
  }, 30_000);

  test("a license whose key changes meanwhile is changed all the same", async () => {
    const { id, key } = await makeOne();
    let rotated = false;
    const deps: Deps = {
      ...world.deps,
      oncePart: () => async (body) => {
        if (!rotated) {
          rotated = true;
          await world.admin("rotateLicenseKey", { licenseKey: key });
        }
        return world.store.transaction(body);
      },
    };
    const by = { kind: "member", accountId: orgId, userId: you.userId, role: "DEV" } as const;
    const outcome = await changeMany(deps, by, {
      licenseIds: [String(id)],
      action: "license.update",
      to: (license) => ({ ...license, note: "there" }),
    });
    expect(outcome).toEqual({ changed: [id], skipped: [] });
    expect(await shown(id)).toMatchObject({ note: "there" });
  });
});

test("a VIEWER reads and does nothing else; a DEV neither imports, exports nor deletes many", async () => {
  const { id } = await makeOne();
  const dev = await member(world, orgId, "DEV");
  const frozen = await as(world, dev, `POST ${at("/freeze")}`, { body: { licenseIds: [id] } });
  expect(dataOf(frozen)).toMatchObject({ updated: 1 });
  const removed = await as(world, dev, `DELETE ${at()}`, { body: { licenseIds: [id] } });
  expect(said(removed)).toEqual([403, "FORBIDDEN"]);
});

test("whatever is sent about licenses, nothing fails on our side", async () => {
  const { id, key } = await makeOne();
  const routes = [
    ...["", "/import", "/freeze", "/unfreeze", "/revoke", "/unrevoke", "/extend"].map(
      (path) => `POST ${at(path)}`,
    ),
    `DELETE ${at()}`,
    `PATCH ${ALL}/${id}`,
    `POST ${ALL}/redeem`,
  ];
  const fields = ["productId", "key", "count", "licenseIds", "days", "expiresAt", "licenses"];
  const more = ["expiresAfterDays", "status", "note", "endUserId", "licenseKey", "skipDuplicates"];
  const odd = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.jsonValue(),
    fc.constantFrom(productId, String(id), String(key), iso(NOW), 7, [id], [{ key }], true),
  );
  const body = fc.dictionary(fc.constantFrom(...fields, ...more), odd, { maxKeys: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async (route, sent) => {
      const { status } = await as(world, you, route, { body: sent });
      expect([200, 201, 400, 404, 409]).toContain(status);
    }),
    { numRuns: 300 },
  );
  const text = fc.string({ unit: fc.constantFrom("key", ",", '"', "\n", "\r\n", "a", "=", "'") });
  const headers = { authorization: `Bearer ${you.accessToken}`, "content-type": "text/csv" };
  await fc.assert(
    fc.asyncProperty(text, async (body) => {
      const ask = { method: "POST", headers, body };
      const { status } = await fetch(`${world.url}${at("/import")}`, ask);
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 100 },
  );
}, 30_000);

describe("raced on every engine", () => {
  for (const engine of useEngines()) {
    test(`${engine.name}: of many who redeem one key, one has it`, async () => {
      const racing = await openGecko({ store: engine.open() });
      const owner = await person(racing);
      const account = await org(racing, owner);
      const body = { orgId: account, name: "P" };
      const made = await as(racing, owner, "POST /v1/dashboard/products", { body });
      const { id } = dataOf(made)["product"] as Json;
      const path = `/v1/dashboard/orgs/${account}/licenses`;
      await as(racing, owner, `POST ${path}`, { body: { productId: id, key: "Race-1" } });
      const buyers = await Promise.all(
        Array.from({ length: 5 }, (_, n) => person(racing, `buyer-${n}@example.com`)),
      );
      const callers = await Promise.all(
        buyers.map(async ({ email, userId }) => {
          const userHash = racing.deps.vault.hash("user-email", email);
          expect(await racing.store.get(users, userHash)).toBeDefined();
          return { userId, userHash } as Parameters<typeof redeemLicense>[1];
        }),
      );
      const outcomes = await Promise.all(
        callers.map((caller) => patiently(() => redeemLicense(racing.deps, caller, "Race-1"))),
      );
      expect(outcomes.filter(({ ok }) => ok).length).toBe(1);
      const license = await racing.store.get(licenses, keyHashOf(racing.deps, "Race-1"));
      const held = await racing.store.query(endUsers, "ofAccount", {
        equal: { accountId: account },
        substring: "",
        limit: 9,
      });
      expect(held.items.map(({ id, licenseCounts }) => [id, licenseCounts])).toEqual([
        [license?.endUserId, { [String(id)]: 1 }],
      ]);
      await racing.close();
    });
  }
});
