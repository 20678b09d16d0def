import fc from "fast-check";
import { setAppVariables } from "../../functions/src/operations/app-variables/set-variables.ts";
import { createAppVersion } from "../../functions/src/operations/app-versions/create-version.ts";
import type { Deps } from "../../functions/src/operations/deps.ts";
import { deleteProduct } from "../../functions/src/operations/products/delete-product.ts";
import { forgetProducts } from "../../functions/src/operations/products/forget-products.ts";
import { redeemCode } from "../../functions/src/operations/redemption-codes/redeem-code.ts";
import {
  activations,
  appReleases,
  appVariables,
  appVersions,
  blacklistEntries,
  codes,
  endUsers,
  licenses,
  plans,
  productFiles,
  productRemovals,
  redemptionCodes,
  redemptionLog,
  variants,
  webhookEndpoints,
} from "../../functions/src/store/collections.ts";
import { as, dataOf, openGecko, org, type Person, person } from "../support/dashboard.ts";
import { putEndUser } from "../support/end-users.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { detailsOf, NOBODYS, said } from "../support/geckoguard.ts";
import { putFile } from "../support/product-files.ts";
import { ADMIN_SECRET, type Json, machine, type Reply, type World } from "../support/world.ts";

let world: World;
let you: Person;
let orgId: string;
beforeEach(async () => {
  world = await openGecko();
  you = await person(world);
  orgId = await org(world, you);
});
afterEach(() => world.close());

const PRODUCTS = "/v1/dashboard/products";
const AT = "2026-11-20T09:00:00.000Z";
const ofOrg = (id = orgId) => `/v1/dashboard/orgs/${id}/products`;
const one = (reply: Reply) => dataOf(reply)["product"] as Json;
const listed = async (query = {}) =>
  dataOf(await as(world, you, `GET ${ofOrg()}`, { query })) as Record<string, unknown>;
const idsIn = (data: Json) => (data["products"] as Json[]).map(({ id }) => id);
const make = async (body: Json = {}) =>
  one(await as(world, you, `POST ${PRODUCTS}`, { body: { orgId, name: "Desktop App", ...body } }));

const unlimited = { mode: "unlimited" };
const resets = { max: 3, cooldownHours: 24 };
const usual = {
  v: 1,
  limits: {
    hwid: unlimited,
    ip: unlimited,
    concurrency: unlimited,
    resetBudget: { hwid: resets, ip: resets },
  },
};

test("made, shown, listed, changed and deleted, in the reference's shapes", async () => {
  const body = { orgId, name: "Desktop App" };
  const made = await as(world, you, `POST ${PRODUCTS}`, { body });
  const product = {
    id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    orgId,
    name: "Desktop App",
    description: null,
    defaultLicensePolicy: usual,
    createdAt: AT,
    updatedAt: AT,
  };
  expect([made.status, made.body]).toEqual([201, { ok: true, data: { product } }]);
  const path = `${PRODUCTS}/${one(made)["id"]}`;
  expect((await as(world, you, `GET ${path}`)).body).toEqual(made.body);
  expect(await listed()).toEqual({
    products: [product],
    pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 },
  });
  expect(world.touched()).toMatchObject({ reads: 3, writes: 0, aggregates: 1 });
  const hwid = { mode: "limit", maxDistinct: 3 };
  const change = {
    name: "Better",
    description: "For desks",
    defaultLicensePolicy: { limits: { hwid } },
  };
  const changed = await as(world, you, `PATCH ${path}`, { body: change });
  const defaultLicensePolicy = { v: 1, limits: { ...usual.limits, hwid } };
  expect([changed.status, one(changed)]).toEqual([
    200,
    { ...product, ...change, defaultLicensePolicy },
  ]);
  const back = { description: null, defaultLicensePolicy: null };
  expect(one(await as(world, you, `PATCH ${path}`, { body: back }))).toEqual({
    ...product,
    name: "Better",
  });
  const gone = await as(world, you, `DELETE ${path}`);
  expect([gone.status, gone.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
  for (const method of ["GET", "DELETE"])
    expect(said(await as(world, you, `${method} ${path}`))).toEqual([404, "NOT_FOUND"]);
  expect((await listed())["products"]).toEqual([]);
  const log = await world.admin("listAuditLog", { creatorId: orgId });
  expect((log["entries"] as Json[]).map(({ action, actor }) => [action, actor])).toEqual(
    expect.arrayContaining(
      ["product.create", "product.update", "product.delete"].map((action) => [
        action,
        { kind: "user", keyId: null, userId: you.userId },
      ]),
    ),
  );
});

test.each([
  [{ name: " " }, "name"],
  [{ name: "x".repeat(101) }, "name"],
  [{ description: "x".repeat(2_001) }, "description"],
  [{ orgId: "my-company" }, "orgId"],
])("400 for %j names %s", async (change, field) => {
  const body = { orgId, name: "Tools", ...change };
  const reply = await as(world, you, `POST ${PRODUCTS}`, { body });
  expect([said(reply), detailsOf(reply)]).toEqual([[400, "VALIDATION_ERROR"], [field]]);
});

test("400 INVALID_POLICY names the member, and 400 a change of nothing", async () => {
  const defaultLicensePolicy = { limits: { hwid: { mode: "limit" } } };
  const body = { orgId, name: "x", defaultLicensePolicy };
  const path = `${PRODUCTS}/${(await make())["id"]}`;
  for (const route of [`POST ${PRODUCTS}`, `POST ${ofOrg()}`, `PATCH ${path}`]) {
    const reply = await as(world, you, route, { body });
    expect([said(reply), detailsOf(reply)]).toEqual([
      [400, "INVALID_POLICY"],
      ["defaultLicensePolicy.limits.hwid.maxDistinct"],
    ]);
  }
  for (const none of ["strict", []]) {
    const reply = await as(world, you, `PATCH ${path}`, { body: { defaultLicensePolicy: none } });
    expect(detailsOf(reply)).toEqual(["defaultLicensePolicy"]);
  }
  expect(said(await as(world, you, `PATCH ${path}`, { body: {} }))).toEqual([
    400,
    "VALIDATION_ERROR",
  ]);
});

test("the same Idempotency-Key makes one product", async () => {
  const ask = { body: { orgId, name: "Once" }, headers: { "idempotency-key": "k1" } };
  const [first, second] = [
    await as(world, you, `POST ${PRODUCTS}`, ask),
    await as(world, you, `POST ${PRODUCTS}`, ask),
  ];
  expect([second?.status, second?.body]).toEqual([201, first?.body]);
  expect(idsIn(await listed())).toHaveLength(1);
});

test("a page of products, newest first", async () => {
  const ids: unknown[] = [];
  for (const name of ["One", "Two", "Three"]) {
    ids.unshift((await make({ name }))["id"]);
    world.clock.advance(1);
  }
  const second = await listed({ page: "2", pageSize: "2" });
  expect([idsIn(second), second["pagination"]]).toEqual([
    ids.slice(2),
    { page: 2, pageSize: 2, total: 3, totalPages: 2 },
  ]);
});

test("an account of the native API shows its products under the id that the dashboard gives it", async () => {
  await world.admin("createProduct", {
    name: "Tools",
    productId: "prod_native",
    creatorId: "studio",
  });
  const added = await world.admin("addMember", {
    creatorId: "studio",
    email: you.email,
    role: "OWNER",
  });
  orgId = String((added["member"] as Json)["orgId"]);
  expect(await listed()).toMatchObject({ products: [{ name: "Tools", orgId }] });
  expect(await make()).toMatchObject({ orgId });
  const { products } = await world.admin("listProducts", { creatorId: "studio" });
  expect(products).toHaveLength(2);
});

describe("attach and detach", () => {
  const attach = (body: Json, id = orgId) => as(world, you, `POST ${ofOrg(id)}`, { body });

  test("a name makes a product; an id of one's own is found there: 200", async () => {
    const made = await attach({ name: "Tools", description: "For you" });
    expect([made.status, one(made)]).toMatchObject([201, { name: "Tools", orgId }]);
    const again = await attach({ productId: one(made)["id"] });
    expect([again.status, again.body]).toEqual([200, made.body]);
  });

  test("404 for another organization's product, as for none, even where one owns both", async () => {
    const { id } = await make();
    const other = await org(world, you, "Other");
    const foreign = await attach({ productId: id }, other);
    const absent = await attach({ productId: NOBODYS }, other);
    expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
    expect(said(await as(world, you, `DELETE ${ofOrg(other)}/${id}`))).toEqual([404, "NOT_FOUND"]);
    expect(idsIn(await listed())).toEqual([id]);
  });

  test("400 for neither a name nor an id, and for both", async () => {
    const { id } = await make();
    for (const body of [{}, { name: "x", productId: id }])
      expect([said(await attach(body)), detailsOf(await attach(body))]).toEqual([
        [400, "VALIDATION_ERROR"],
        ["productId"],
      ]);
  });

  test("detached, it is offered no more and its licenses go on; attached again, it is as it was", async () => {
    const product = await make();
    const { id } = product;
    const { licenseKey } = await world.admin("createLicense", { email: "a@b.co", productId: id });
    const detach = () => as(world, you, `DELETE ${ofOrg()}/${id}`);
    expect([(await detach()).status, dataOf(await detach())]).toEqual([200, { deleted: true }]);
    expect((await listed())["products"]).toEqual([]);
    const verified = await world.call("verify", { licenseKey, productId: id });
    expect(verified.status).toBe(200);
    expect(one(await as(world, you, `GET ${PRODUCTS}/${id}`))).toMatchObject({ id });
    expect(one(await attach({ productId: id }))).toEqual({ ...product, updatedAt: AT });
    expect(idsIn(await listed())).toEqual([id]);
  });
});

describe("deleting", () => {
  const by = { kind: "administrator" } as const;
  const limit = 900;
  async function* bytes() {
    yield Buffer.from("bytes");
  }

  /** A product with things of every kind, and how to reach them. */
  async function full() {
    const productId = String((await make({ name: "Full" }))["id"]);
    const owner = await putEndUser(world, { accountId: orgId });
    const admin = (name: string, body: Json) => world.admin(name, { productId, ...body });
    const { licenseKey } = await admin("createLicense", { email: "a@b.co", maxMachines: 5 });
    for (const name of ["a", "b"])
      await world.call("activate", { ...machine(String(licenseKey), name), productId });
    await admin("createVariant", { name: "pro" });
    await admin("createTrialCode", { code: "TRY", trialDays: 3 });
    const drawn = (await admin("createCodes", { count: 40 }))["codes"] as string[];
    for (const text of drawn.slice(0, 3))
      await redeemCode(world.deps, { productId, text, usedBy: null });
    const { apiKey } = await admin("createApiKey", { name: "bot", kind: "geckoguard" });
    const url = "https://hooks.example.com";
    await admin("createWebhookEndpoint", { url, events: ["*"], creatorId: orgId });
    const body = { endUserId: owner.id, count: 3 };
    const call = (path: string, sent: Json) =>
      world.call(`v1/products/${productId}/${path}`, sent, {
        headers: { "x-api-key": String(apiKey) },
      });
    expect((await call("licenses", body)).status).toBe(201);
    expect((await call("blacklists", { type: "HWID", value: "x" })).status).toBe(201);
    const plan = { productId, name: "Pro", priceCents: 0, interval: "month" };
    const priced = { ...plan, providerIds: { polar: ["polar_1"] } };
    expect((await as(world, you, "POST /v1/dashboard/plans", { body: priced })).status).toBe(201);
    const variables = [{ scope: "GLOBAL" as const, licenseId: null, key: "a", value: "1" }];
    await setAppVariables(world.deps, by, { productId, variables });
    const version = { version: "1.0.0", changelog: "", fileHashes: {}, downloadUrl: null };
    const terms = { forceUpdate: false, current: true };
    await createAppVersion(world.deps, by, { productId, ...version, ...terms });
    const named = { name: "Setup", filename: "setup.exe", versionId: null, planId: null };
    const file = await putFile(world.deps, {
      ...{ productId, ...named, public: true },
      bytes: bytes(),
    });
    const fileId = file.ok ? file.file.id : "";
    return { productId, owner, fileId, licenseKey: String(licenseKey), apiKey: String(apiKey) };
  }

  /** How many there are of each kind. */
  async function left(productId: string) {
    const { store } = world;
    const equal = { productId };
    const scope = ["GLOBAL", "USER"];
    const status = ["active", "degraded", "suspended", "revoked"];
    const state = ["unused", "used", "disabled"];
    const type = ["HWID", "IP"];
    const of = { equal: { accountId: orgId, scope: productId } };
    const counts = await Promise.all([
      store.count(licenses, "countOfProductByStatus", { equal: { productId, status } }),
      store.count(activations, "countOfProduct", { equal }),
      store.count(variants, "byProduct", { equal }),
      store.count(codes, "byScope", of),
      store.count(redemptionCodes, "byUse", { equal: { productId, state } }),
      store.count(blacklistEntries, "byType", { equal: { productId, type }, substring: "" }),
      store.count(appVariables, "byScope", { equal: { productId, scope } }),
      store.count(appVersions, "byProduct", { equal }),
      store.count(productFiles, "byProduct", { equal }),
      store.count(productRemovals, "oldest", {}),
      store.count(plans, "byProduct", { equal }),
    ]);
    const release = await store.get(appReleases, productId);
    return [...counts, release ? 1 : 0];
  }
  const NOTHING = Array(12).fill(0);

  test("takes with it what hangs on the product, and leaves the account's other things", async () => {
    const { productId, licenseKey, apiKey, owner } = await full();
    expect(await left(productId)).toEqual([4, 2, 1, 1, 40, 1, 1, 1, 1, 0, 1, 1]);
    const equal = { productId, state: ["used"] };
    const used = await world.store.query(redemptionCodes, "byUse", { equal, limit });
    const codeId = used.items.map(({ id }) => id);
    const other = await make({ name: "Other" });
    const kept = await world.admin("createLicense", { email: "a@b.co", productId: other["id"] });
    expect((await as(world, you, `DELETE ${PRODUCTS}/${productId}`)).status).toBe(200);
    expect(await left(productId)).toEqual(NOTHING);
    expect(codeId.length).toBe(3);
    const logged = { equal: { codeId } };
    expect(await world.store.count(redemptionLog, "byCode", logged)).toBe(0);
    const whoami = { method: "GET", headers: { "x-api-key": apiKey } };
    expect((await world.call("v1/whoami", undefined, whoami)).status).toBe(401);
    const verified = await world.call("verify", { licenseKey, productId });
    expect(verified.body["code"]).toBe("LICENSE_NOT_FOUND");
    const still = { licenseKey: kept["licenseKey"], productId: other["id"] };
    expect((await world.call("verify", still)).status).toBe(200);
    expect(await world.store.get(endUsers, owner.id)).toMatchObject({
      licenseCounts: {},
      productIds: [],
    });
    const { endpoints } = await world.admin("listWebhookEndpoints", { creatorId: orgId });
    expect(endpoints).toEqual([]);
    expect(idsIn(await listed())).toEqual([other["id"]]);
  });

  test("its webhook endpoints go, however many others the account has", async () => {
    const { id: productId } = await make({ name: "Hooked" });
    const url = "https://example.com/hook";
    const ask = { productId, url, events: ["*"] };
    await world.admin("createWebhookEndpoint", ask);
    const mine = { equal: { accountId: orgId, enabled: true } };
    const made = await world.store.query(webhookEndpoints, "enabledOfAccount", { ...mine, limit });
    const [first] = made.items;
    if (!first) throw new Error("it was not made");
    const others = Array.from({ length: 120 }, (_, n) => ({
      ...first,
      id: `0ec0de00-0000-4000-8000-${`${n}`.padStart(12, "0")}`,
      ...{ productId: null, productHandle: null, createdAt: first.createdAt + 1 },
    }));
    await world.store.commit(
      others.map((record) => ({ kind: "create", collection: webhookEndpoints, record })),
    );
    expect((await as(world, you, `DELETE ${PRODUCTS}/${productId}`)).status).toBe(200);
    expect(await world.store.get(webhookEndpoints, first.id)).toBeUndefined();
    expect(await world.store.count(webhookEndpoints, "enabledOfAccount", mine)).toBe(120);
  });

  test("what a crash left is deleted by the next sweep, a bounded number at a time", async () => {
    const { productId } = await full();
    const crashed = async () => {
      throw new Error("crash");
    };
    const blobs = { ...world.deps.blobs, delete: crashed };
    const deps: Deps = { ...world.deps, blobs };
    await expect(deleteProduct(deps, by, productId)).rejects.toThrow("crash");
    expect((await left(productId))[9]).toBe(1);
    await expect(forgetProducts(deps, { maxLicenses: limit })).rejects.toThrow("crash");
    expect(await forgetProducts(world.deps, { maxLicenses: 1 })).toEqual({
      settled: 1,
      more: true,
    });
    expect(await forgetProducts(world.deps, { maxLicenses: limit })).toEqual({
      settled: 0,
      more: false,
    });
    expect(await left(productId)).toEqual(NOTHING);
  });

  test("half way, no API answers 500, and the rest is good in every API", async () => {
    const { productId, licenseKey, apiKey, fileId, owner } = await full();
    const once: Deps["once"] = async (body) => {
      const outcome = await world.deps.once(body);
      throw Object.assign(new Error("crash"), { outcome });
    };
    await expect(deleteProduct({ ...world.deps, once }, by, productId)).rejects.toThrow("crash");
    expect((await left(productId)).slice(0, 2)).toEqual([4, 2]);
    const headers = { "x-api-key": apiKey };
    const key = { licenseKey, productId };
    const native: [string, Json][] = [
      ["verify", key],
      ["activate", { ...machine(licenseKey, "c"), productId }],
      ["deactivate", machine(licenseKey, "a")],
    ];
    for (const [name, body] of native)
      expect([name, (await world.call(name, body)).status < 500]).toEqual([name, true]);
    const admins: [string, Json][] = [
      ["getLicense", { licenseKey }],
      ["listLicenses", {}],
      ["updateLicense", { licenseKey, maxMachines: 9 }],
      ["listProducts", {}],
      ["getStats", {}],
      ["resetActivations", { licenseKey }],
      ["rotateLicenseKey", { licenseKey }],
      ["createLicense", { productId, email: "a@b.co" }],
      ["updateProduct", { productId, name: "x" }],
      ["createApiKey", { name: "x", kind: "geckoguard", productId }],
    ];
    for (const [name, body] of admins) {
      const { status } = await world.call(name, body, {
        headers: { "x-admin-secret": ADMIN_SECRET },
      });
      expect([name, status < 500]).toEqual([name, true]);
    }
    const keyed = [
      "GET v1/whoami",
      `GET v1/products/${productId}/licenses`,
      `GET v1/products/${productId}/analytics`,
      `GET v1/end-users/${owner.id}`,
      `GET v1/product-files/download/${fileId}`,
    ];
    for (const route of keyed) {
      const [method, path = ""] = route.split(" ");
      const { status } = await fetch(`${world.url}/${path}`, { method: method ?? "", headers });
      expect([route, status < 500]).toEqual([route, true]);
    }
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const reply = await as(world, you, `${method} ${PRODUCTS}/${productId}`, {
        ...(method === "PATCH" ? { body: { name: "x" } } : {}),
      });
      expect(said(reply)).toEqual([404, "NOT_FOUND"]);
    }
    await forgetProducts(world.deps, { maxLicenses: limit });
    expect(await left(productId)).toEqual(NOTHING);
  });

  test("a name that a deleted product had is free again", async () => {
    const product = { name: "Tools", productId: "prod_again", slug: "again", creatorId: orgId };
    const made = await world.admin("createProduct", product);
    const [id] = idsIn(await listed());
    expect((await as(world, you, `DELETE ${PRODUCTS}/${id}`)).status).toBe(200);
    expect(await world.admin("createProduct", product)).toMatchObject({ slug: made["slug"] });
  });
});

describe("raced on every engine", () => {
  for (const engine of useEngines()) {
    test(`${engine.name}: what is made of a product while it is deleted goes with it`, async () => {
      const racing = await openGecko({ store: engine.open() });
      const owner = await person(racing);
      const account = await org(racing, owner);
      const admin = (name: string, body: Json) =>
        patiently(() => racing.call(name, body, { headers: { "x-admin-secret": ADMIN_SECRET } }));
      await admin("createProduct", { name: "x", productId: "prod_race", creatorId: account });
      const makes = Array.from({ length: 6 }, () =>
        admin("createLicense", { productId: "prod_race", email: "a@b.co" }),
      );
      const path = `/v1/dashboard/orgs/${account}/products`;
      const [first] = idsIn(dataOf(await as(racing, owner, `GET ${path}`)));
      const remove = () => as(racing, owner, `DELETE ${PRODUCTS}/${first}`);
      const removed = remove();
      const made = await Promise.all(makes);
      for (let { status } = await removed; status === 503; { status } = await remove());
      for (const { status } of made) expect([200, 404, 503]).toContain(status);
      await patiently(() => forgetProducts(racing.deps, { maxLicenses: 900 }));
      const status = ["active", "degraded", "suspended", "revoked"];
      const equal = { productId: String(first), status };
      expect(await racing.store.count(licenses, "countOfProductByStatus", { equal })).toBe(0);
      await racing.close();
    });
  }
});

test("whatever is sent about products, nothing fails on our side", async () => {
  const { id } = await make();
  const routes = [
    `POST ${PRODUCTS}`,
    `PATCH ${PRODUCTS}/${id}`,
    `POST ${ofOrg()}`,
    `DELETE ${ofOrg()}/${id}`,
  ];
  const fields = ["name", "description", "defaultLicensePolicy", "orgId", "productId", "status"];
  const odd = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.jsonValue(),
    fc.constantFrom(orgId, String(id)),
  );
  const body = fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async (route, sent) => {
      const { status } = await as(world, you, route, { body: sent });
      expect([200, 201, 400, 404]).toContain(status);
    }),
    { numRuns: 150 },
  );
});
