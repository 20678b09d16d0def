import { siteOfToken } from "../../functions/src/operations/sites/site-tokens.ts";
import { sites } from "../../functions/src/store/collections.ts";
import { auditOf, changeLicense, licenseOf } from "../support/change-license.ts";
import { site } from "../support/records.ts";
import { registeredToken, type WordPress, wordpress, wordpressKey } from "../support/sites.ts";
import { ADMIN_SECRET, DAY, HOUR, type Json, openWorld, type World } from "../support/world.ts";

let world: World;
let ask: WordPress;
let licenseKey: string;
beforeEach(async () => {
  world = await openWorld();
  ask = wordpress(world, await wordpressKey(world));
  licenseKey = await world.license();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const call = (name: string, body: Json) => world.call(name, body, { headers });
const listed = async (filter: Json = {}) =>
  (await world.admin("listSites", filter))["sites"] as Json[];
const urls = async (filter: Json = {}) => (await listed(filter)).map(({ siteUrl }) => siteUrl);
const actions = async (filter: Json) =>
  (await world.admin("listPendingActions", filter))["actions"] as Json[];
const register = (more: Json = {}) => registeredToken(ask, { license_key: licenseKey, ...more });
const firstId = async () => String((await listed())[0]?.["id"]);

/** Sites of the license, without as many requests. */
async function putSites(count: number, terms: Json = {}) {
  const license = await licenseOf(world, licenseKey);
  const records = Array.from({ length: count }, (_, n) =>
    site({
      id: `5f0c2c1e-0a1b-4c3d-8e5f-${String(n).padStart(12, "0")}`,
      accountId: license.accountId,
      productId: license.productId,
      productHandle: license.productHandle,
      licenseId: license.id,
      licenseKeyHash: license.keyHash,
      siteUrl: `https://site-${n}.example.com`,
      registeredAt: world.clock.now() + n,
      ...terms,
    }),
  );
  await world.store.commit(
    records.map((record) => ({ kind: "set" as const, collection: sites, record })),
  );
  return records;
}

test("200 a registered site, in a list and by itself", async () => {
  const site_token = await register({ site_name: "Shop", admin_email: "a@example.com" });
  const license = await licenseOf(world, licenseKey);
  const at = new Date(world.clock.now()).toISOString();
  const shown = {
    id: expect.any(String),
    siteUrl: "https://example.com",
    siteName: "Shop",
    status: "active",
    licenseId: license.id,
    productId: license.productHandle,
    wpVersion: null,
    phpVersion: null,
    pluginVersion: null,
    registeredAt: at,
    lastHeartbeatAt: null,
    pendingActions: 0,
  };
  expect(await world.admin("listSites", {})).toEqual({
    success: true,
    sites: [shown],
    nextCursor: null,
  });
  await ask("heartbeat", { site_token, health_data: { disk: 1 } });
  expect(await world.admin("getSite", { siteId: await firstId() })).toEqual({
    success: true,
    site: {
      ...shown,
      lastHeartbeatAt: at,
      adminEmail: "a@example.com",
      healthData: { disk: 1 },
      healthAt: at,
      actions: [],
    },
  });
});

test("200 by account, product or license, the last registered first", async () => {
  await register({ site_url: "https://one.example.com" });
  world.clock.advance(1);
  const other = await world.license({ productId: "prod_else" });
  await register({ site_url: "https://two.example.com", license_key: other });
  world.clock.advance(1);
  await register({ site_url: "https://three.example.com", license_key: null });
  const theirs = wordpress(world, await wordpressKey(world, { creatorId: "studio-b" }));
  await registeredToken(theirs, { site_url: "https://b.example.com" });
  const [one, two, three] = ["one", "two", "three"].map((name) => `https://${name}.example.com`);
  expect(await urls({ creatorId: "default" })).toEqual([three, two, one]);
  expect(await urls({ productId: "prod_tools" })).toEqual([one]);
  expect(await urls({ licenseKey: other })).toEqual([two]);
  expect(await urls({ creatorId: "studio-b" })).toEqual(["https://b.example.com"]);
  expect(await urls()).toHaveLength(4);
  const foreign = { creatorId: "studio-b", productId: "prod_tools" };
  expect(await call("listSites", foreign)).toMatchObject({ status: 404 });
  expect(await call("listSites", { ...foreign, licenseKey })).toMatchObject({ status: 400 });
  expect(await call("listSites", { creatorId: "studio-b", licenseKey })).toMatchObject({
    status: 404,
    body: { code: "LICENSE_NOT_FOUND" },
  });
});

test("200 page by page, at the price of its sites and their license", async () => {
  await putSites(7);
  const seen: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await world.admin("listSites", { limit: 3, ...(cursor ? { cursor } : {}) });
    seen.push(...(page["sites"] as Json[]).map(({ siteUrl }) => siteUrl));
    cursor = page["nextCursor"];
    if (cursor) expect(world.touched()).toEqual({ reads: 4, writes: 0, aggregates: 0 });
  } while (cursor);
  expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `https://site-${n}.example.com`));
});

test("200 a key that is bound to many products pages through the sites of all of them", async () => {
  const productIds = Array.from({ length: 35 }, (_, n) => `prod_${n}`);
  const licenses: string[] = [];
  for (const productId of productIds) licenses.push(await world.license({ productId }));
  for (const [n, license_key] of licenses.entries()) {
    world.clock.advance(1);
    await register({ site_url: `https://s${n}.example.com`, license_key });
  }
  await register();
  const made = await world.admin("createApiKey", { name: "bound", productIds });
  const seen: unknown[] = [];
  let cursor: unknown;
  do {
    const ask = { apiKey: made["apiKey"], limit: 10, ...(cursor ? { cursor } : {}) };
    const { body } = await world.call("listSites", ask);
    seen.push(...(body["sites"] as Json[]).map(({ siteUrl }) => siteUrl));
    cursor = body["nextCursor"];
  } while (cursor);
  expect(seen).toEqual(productIds.map((_, n) => `https://s${34 - n}.example.com`));
});

describe("createPendingAction", () => {
  const wanted = { type: "SHOW_NOTICE", payload: { level: "info" } };

  test("200 for a site; repeated it is the same action, and once fetched another", async () => {
    const site_token = await register();
    const siteId = await firstId();
    const made = await world.admin("createPendingAction", { siteId, ...wanted });
    const [queued] = made["actions"] as Json[];
    const answer = { success: true, actions: [queued], full: [], nextCursor: null };
    expect(made).toEqual({ ...answer, queued: 1 });
    expect(queued).toEqual({ id: expect.any(String), siteId });
    const again = await world.admin("createPendingAction", { siteId, ...wanted });
    expect(again).toEqual({ ...answer, queued: 0 });
    const at = world.clock.now();
    expect(await actions({ siteId })).toEqual([
      {
        ...queued,
        ...wanted,
        createdAt: new Date(at).toISOString(),
        expiresAt: new Date(at + 30 * DAY).toISOString(),
        acknowledgedAt: null,
        state: "waiting",
      },
    ]);
    await ask("pending-actions", { site_token });
    expect(await actions({ licenseKey })).toMatchObject([
      { ...queued, state: "acknowledged", acknowledgedAt: new Date(at).toISOString() },
    ]);
    const anew = await world.admin("createPendingAction", { siteId, ...wanted });
    expect(anew).toMatchObject({ queued: 1 });
    expect((anew["actions"] as Json[])[0]?.["id"]).not.toBe(queued?.["id"]);
    expect(await auditOf(world)).toContainEqual(
      expect.objectContaining({
        action: "site.createAction",
        targetId: siteId,
        after: { type: "SHOW_NOTICE", siteIds: [siteId] },
      }),
    );
  });

  test.each(["productId", "licenseKey"])("200 for the sites of a %s, page by page", async (by) => {
    const records = await putSites(45);
    const target = by === "productId" ? { productId: "prod_tools" } : { licenseKey };
    const reached: unknown[] = [];
    let cursor: unknown;
    let calls = 0;
    do {
      const more = cursor ? { cursor } : {};
      const body = await world.admin("createPendingAction", { ...target, ...wanted, ...more });
      reached.push(...(body["actions"] as Json[]).map(({ siteId }) => siteId));
      cursor = body["nextCursor"];
      calls += 1;
    } while (cursor);
    expect(calls).toBe(3);
    expect(reached).toEqual(records.map(({ id }) => id).reverse());
    expect(await actions({ ...target, limit: 500 })).toHaveLength(45);
    const repeated = await world.admin("createPendingAction", { ...target, ...wanted });
    expect(repeated["queued"]).toBe(0);
    expect(repeated["actions"]).toHaveLength(20);
  });

  test("409 a site with 100 waiting; among others it is named", async () => {
    const waiting = Array.from({ length: 100 }, (_, n) => ({
      id: `5f0c2c1e-0a1b-4c3d-8e5f-${String(n).padStart(12, "0")}`,
      type: "SHOW_NOTICE",
      payload: `{"n":${n}}`,
      createdAt: world.clock.now(),
      acknowledgedAt: null,
    }));
    const [full] = await putSites(1, { actions: waiting });
    await register({ site_url: "https://roomy.example.com" });
    const refused = await call("createPendingAction", { siteId: full?.id, ...wanted });
    expect(refused).toMatchObject({ status: 409, body: { code: "SITE_ACTIONS_TOO_MANY" } });
    expect(await world.admin("createPendingAction", { licenseKey, ...wanted })).toMatchObject({
      queued: 1,
      full: [full?.id],
    });
  });

  test.each<[Json, string]>([
    [{}, "siteId"],
    [{ siteId: site().id, productId: "prod_tools" }, "siteId"],
    [{ siteId: "nope" }, "siteId"],
    [{ productId: "prod_tools", type: "lower" }, "type"],
    [{ productId: "prod_tools", type: `A${"B".repeat(64)}` }, "type"],
    [{ productId: "prod_tools", payload: [] }, "payload"],
    [{ productId: "prod_tools", payload: { x: "y".repeat(4_089) } }, "payload"],
  ])("400 %j names %s", async (more, field) => {
    const reply = await call("createPendingAction", { ...wanted, ...more });
    expect(reply).toMatchObject({ status: 400, body: { details: [{ field }] } });
  });

  test("200 a payload of 4 KiB, with lists in lists", async () => {
    await register();
    const payload = { x: "y".repeat(4_070), l: [[1]] };
    expect(JSON.stringify(payload).length).toBeLessThanOrEqual(4_096);
    await world.admin("createPendingAction", { licenseKey, type: "X", payload });
    expect(await actions({ licenseKey })).toMatchObject([{ payload }]);
  });

  test.each([
    [{ siteId: site().id }, "SITE_NOT_FOUND"],
    [{ licenseKey: "NO-SUCH-KEY" }, "LICENSE_NOT_FOUND"],
    [{ productId: "prod_nowhere" }, "PRODUCT_NOT_FOUND"],
  ])("404 %j is %s", async (target, code) => {
    for (const [name, more] of [
      ["createPendingAction", wanted],
      ["listPendingActions", {}],
    ] as const) {
      expect(await call(name, { ...target, ...more })).toMatchObject({
        status: 404,
        body: { code },
      });
    }
  });
});

test("200 a change of the license's standing is listed and counted without anybody queueing it", async () => {
  await register();
  const siteId = await firstId();
  world.clock.advance(HOUR);
  await world.admin("revokeLicense", { licenseKey });
  const [refresh] = await actions({ siteId });
  expect(refresh).toMatchObject({ type: "REFRESH_LICENSE", payload: {}, state: "waiting" });
  expect(await listed()).toMatchObject([{ pendingActions: 1 }]);
  const { site: detail } = await world.admin("getSite", { siteId });
  expect(detail).toMatchObject({ pendingActions: 1, actions: [refresh] });
  await changeLicense(world, licenseKey, { standingChangedAt: null });
  expect(await actions({ siteId })).toEqual([]);
});

test("200 revoking and reinstating twice is one change each, both audited without the token's hash", async () => {
  const token = await register();
  const siteId = await firstId();
  const { tokenHash } = (await world.store.get(sites, siteId)) ?? {};
  for (const name of ["revokeSite", "reinstateSite"]) {
    expect(await world.admin(name, { siteId })).toEqual({ success: true });
    const before = await world.store.get(sites, siteId);
    world.clock.advance(HOUR);
    await world.admin(name, { siteId });
    expect(await world.store.get(sites, siteId)).toEqual(before);
  }
  const entries = (await auditOf(world)).filter(({ targetId }) => targetId === siteId);
  expect(entries.map(({ action, after }) => [action, after])).toEqual([
    ["site.reinstate", { status: "active" }],
    ["site.revoke", { status: "revoked" }],
  ]);
  expect(JSON.stringify(entries)).not.toContain(tokenHash);
  const anybody = { kind: "administrator" } as const;
  expect(await siteOfToken(world.deps, world.store, anybody, token)).toBeUndefined();
});
