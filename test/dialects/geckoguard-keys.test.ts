import { GECKOGUARD_SCOPES } from "../../functions/src/core/api-keys.ts";
import { orgIdOf } from "../../functions/src/operations/members/reach.ts";
import { outbox, products } from "../../functions/src/store/collections.ts";
import {
  codeOf,
  detailsOf,
  geckoCall,
  geckoKey,
  type Owner,
  openGecko,
} from "../support/geckoguard.ts";
import { HOUR, type Json, NOW, type World } from "../support/world.ts";

const TOKEN = "bootstrap-token-of-the-operator";
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const AT = "2026-11-20T09:00:00.000Z";

let world: World;
beforeEach(async () => {
  world = await openGecko({ bootstrapToken: TOKEN });
});
afterEach(() => world.close());

const post = (path: string, body: Json, token: string | undefined = TOKEN, more: Json = {}) =>
  geckoCall(world, `POST ${path}`, undefined, {
    body,
    headers: { ...(token === undefined ? {} : { "x-admin-token": token }), ...more },
  });
const firstProduct = async (body: Json = {}) => {
  const made = await post("/v1/products", { name: "Desktop App", ...body });
  return (made.body["data"] as { product: Json & { id: string } }).product;
};
const firstKey = async (body: Json) => {
  const made = await post("/v1/api-keys", { name: "bot", ...body });
  return made.body["data"] as { apiKey: Json & { id: string }; key: string };
};
const list = (productId: string, key: string, query = {}) =>
  geckoCall(world, `GET /v1/products/${productId}/api-keys`, { apiKey: key }, { query });

describe("the bootstrap token", () => {
  test("201 makes a first product and its key, in the shapes of the reference", async () => {
    const made = await post("/v1/products", { name: "Desktop App" });
    const resets = { max: 3, cooldownHours: 24 };
    const unlimited = { mode: "unlimited" };
    expect([made.status, made.body]).toEqual([
      201,
      {
        ok: true,
        data: {
          product: {
            id: UUID,
            orgId: orgIdOf("default"),
            name: "Desktop App",
            description: null,
            defaultLicensePolicy: {
              v: 1,
              limits: {
                hwid: unlimited,
                ip: unlimited,
                concurrency: unlimited,
                resetBudget: { hwid: resets, ip: resets },
              },
            },
            createdAt: AT,
            updatedAt: AT,
          },
        },
      },
    ]);
    const { id: productId } = (made.body["data"] as { product: { id: string } }).product;
    const expiresAt = "2027-01-01T00:00:00.000Z";
    const permissions = ["license:read", "license:create", "end_user:read"];
    const key = await post("/v1/api-keys", {
      productId,
      name: "Discord bot",
      permissions,
      expiresAt,
    });
    const { key: secret } = key.body["data"] as { key: string };
    expect(secret).toMatch(/^gg_[0-9a-f]{64}$/);
    expect([key.status, key.body]).toEqual([
      201,
      {
        ok: true,
        data: {
          apiKey: {
            id: UUID,
            productId,
            name: "Discord bot",
            prefix: secret.slice(0, 10),
            permissions,
            lastUsedAt: null,
            expiresAt,
            revokedAt: null,
            createdAt: AT,
          },
          key: secret,
        },
      },
    ]);
    const who = await geckoCall(world, "GET /v1/whoami", { apiKey: secret });
    expect(who.body).toMatchObject({ ok: true, data: { productId } });
  });

  test("the orgId of its answer names the default account again, in any case; another name is one", async () => {
    const { id, orgId } = await firstProduct();
    const next = await firstProduct({ orgId: String(orgId).toUpperCase() });
    expect(next["orgId"]).toBe(orgId);
    for (const one of await world.store.getMany(products, [id, next.id]))
      expect(one).toMatchObject({ accountId: "default" });
    const elsewhere = await firstProduct({ orgId: "Studio" });
    expect(await world.store.get(products, elsewhere.id)).toMatchObject({ accountId: "Studio" });
    const own = "7a2f3f4d-5c63-4a88-8a43-bd6a0c3f1e21";
    expect((await firstProduct({ orgId: own.toUpperCase() }))["orgId"]).toBe(own);
  });

  test("404 both when the operator set none, whatever is sent", async () => {
    await world.close();
    world = await openGecko();
    for (const token of [undefined, "", TOKEN]) {
      for (const path of ["/v1/products", "/v1/api-keys"]) {
        const reply = await post(path, { name: "x" }, token ?? "");
        expect([reply.status, codeOf(reply)]).toEqual([404, "NOT_FOUND"]);
      }
    }
  });

  test("401 without it or with another, 429 for an address that guesses it", async () => {
    for (const token of ["", "x", `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()]) {
      const reply = await post("/v1/products", { name: "x" }, token);
      expect([reply.status, codeOf(reply)]).toEqual([401, "UNAUTHORIZED"]);
    }
    const owner = await geckoKey(world);
    expect((await geckoCall(world, "POST /v1/products", owner, { body: {} })).status).toBe(401);
    for (let guess = 6; guess < 300; guess++) await post("/v1/products", {}, "x");
    expect((await post("/v1/products", { name: "x" })).status).toBe(429);
  });

  test("is the only thing that opens: the admin secret is none, and it is no admin secret", async () => {
    const headers = { "x-admin-secret": TOKEN };
    expect((await world.call("listProducts", {}, { headers })).status).toBe(401);
    const reply = await geckoCall(world, "POST /v1/products", undefined, {
      body: { name: "x" },
      headers: { "x-admin-secret": "test-admin-secret" },
    });
    expect(reply.status).toBe(401);
  });

  test("neither it nor a key is in the log, the audit log or an answer but the first", async () => {
    const { id: productId } = await firstProduct();
    const { key } = await firstKey({ productId });
    await list(productId, key);
    await post("/v1/products", { name: "x" }, `${TOKEN}x`);
    const audit = await world.admin("listAuditLog", {});
    const said = JSON.stringify([world.logs, audit, (await list(productId, key)).body]);
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain(key);
    const actions = (audit["entries"] as { action: string; targetId: string }[]).map(
      ({ action }) => action,
    );
    expect(actions).toEqual(expect.arrayContaining(["apiKey.create", "product.create"]));
  });

  test("201 the same product and key again under an Idempotency-Key", async () => {
    const { id: productId } = await firstProduct();
    const again = { "idempotency-key": "first" };
    const one = await post("/v1/api-keys", { productId, name: "bot" }, TOKEN, again);
    const two = await post("/v1/api-keys", { productId, name: "bot" }, TOKEN, again);
    expect(two.body).toEqual(one.body);
    expect(two.headers.get("idempotent-replayed")).toBe("true");
    const { key } = one.body["data"] as { key: string };
    expect((await list(productId, key)).body).toMatchObject({ data: { pagination: { total: 1 } } });
  });
});

describe("POST /v1/products", () => {
  test("201 with a policy, a description and an organisation", async () => {
    const hwid = { mode: "limit", maxDistinct: 3 };
    const ip = { mode: "limit", maxDistinct: 5, windowDays: 30, limitType: "ip" };
    const concurrency = { mode: "limit", maxActive: 2, sessionTtlSeconds: 600 };
    const resetBudget = {
      hwid: { max: 3, cooldownHours: 24 },
      ip: { max: 5, cooldownHours: 12 },
    };
    const defaultLicensePolicy = { v: 1, limits: { hwid, ip, concurrency, resetBudget } };
    const orgId = "7a2f3f4d-5c63-4a88-8a43-bd6a0c3f1e21";
    const asked = { description: "For desks", defaultLicensePolicy, orgId };
    expect(await firstProduct(asked)).toMatchObject(asked);
    const { products } = await world.admin("listProducts", { creatorId: orgId });
    expect(products).toMatchObject([{ name: "Desktop App", description: "For desks" }]);
  });

  test("400 INVALID_POLICY names the member", async () => {
    const limits = { hwid: { mode: "limit" } };
    const reply = await post("/v1/products", { name: "x", defaultLicensePolicy: { limits } });
    expect([reply.status, codeOf(reply)]).toEqual([400, "INVALID_POLICY"]);
    expect(detailsOf(reply)).toEqual(["defaultLicensePolicy.limits.hwid.maxDistinct"]);
  });

  test.each<[Json, string]>([
    [{}, "name"],
    [{ name: " " }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "x", orgId: "_service" }, "orgId"],
    [{ name: "x", description: 7 }, "description"],
  ])("400 %j: %s", async (body, field) => {
    const reply = await post("/v1/products", body);
    expect([reply.status, codeOf(reply), detailsOf(reply)]).toEqual([
      400,
      "VALIDATION_ERROR",
      [field],
    ]);
  });
});

describe("POST /v1/api-keys", () => {
  let productId: string;
  beforeEach(async () => {
    productId = (await firstProduct()).id;
  });

  test.each<[Json, Json["permissions"]]>([
    [{}, null],
    [{ permissions: null }, null],
    [{ permissions: [] }, []],
    [{ permissions: ["license:write"] }, ["license:create", "license:update"]],
    [{ permissions: ["license:create", "license:write"] }, ["license:create", "license:update"]],
    [{ permissions: [...GECKOGUARD_SCOPES] }, [...GECKOGUARD_SCOPES]],
  ])("201 %j may do %j", async (body, permissions) => {
    expect((await firstKey({ productId, ...body })).apiKey).toMatchObject({ permissions });
  });

  test.each<[Json, string]>([
    [{ permissions: ["product:read"] }, "permissions.0"],
    [{ permissions: ["license:read", "all"] }, "permissions.1"],
    [{ permissions: "license:read" }, "permissions"],
    [{ productId: "my-product" }, "productId"],
    [{ name: "" }, "name"],
    [{ expiresAt: "soon" }, "expiresAt"],
    [{ expiresAt: new Date(NOW).toISOString() }, "expiresAt"],
  ])("400 %j: %s", async (body, field) => {
    const reply = await post("/v1/api-keys", { productId, name: "bot", ...body });
    expect([reply.status, codeOf(reply), detailsOf(reply)]).toEqual([
      400,
      "VALIDATION_ERROR",
      [field],
    ]);
  });

  test("404 for a product that is not there", async () => {
    const unknown = { productId: productId.replace(/^./, (c) => (c === "0" ? "1" : "0")) };
    const reply = await post("/v1/api-keys", { name: "bot", ...unknown });
    expect([reply.status, codeOf(reply)]).toEqual([404, "NOT_FOUND"]);
  });

  test("tells of the key's making, with the product it is bound to", async () => {
    const { apiKey } = await firstKey({ productId });
    const { items } = await world.store.query(outbox, "oldest", { limit: 10 });
    const told = items.filter(({ type }) => type === "api_key.created");
    expect(told).toMatchObject([{ productId, data: { keyId: apiKey.id } }]);
  });
});

describe("GET /v1/products/:productId/api-keys", () => {
  test("200 the product's keys of this kind, newest first, by pages, never their secrets", async () => {
    const { id: productId } = await firstProduct();
    const keys = [];
    for (const name of ["a", "b", "c"]) {
      keys.push(await firstKey({ productId, name }));
      world.clock.advance(1);
    }
    const other = await firstProduct({ name: "Other" });
    await firstKey({ productId: other.id });
    const key = keys[0]?.key ?? "";
    const page = async (query: Json) => {
      const { body } = await list(productId, key, query);
      const { apiKeys, pagination } = body["data"] as {
        apiKeys: { name: string }[];
        pagination: Json;
      };
      return [apiKeys.map(({ name }) => name).join(""), pagination];
    };
    const total = 3;
    expect(await page({})).toEqual(["cba", { page: 1, pageSize: 50, total, totalPages: 1 }]);
    const two = { pageSize: 2, total, totalPages: 2 };
    expect(await page({ pageSize: "2" })).toEqual(["cb", { page: 1, ...two }]);
    expect(await page({ page: "2", pageSize: "2" })).toEqual(["a", { page: 2, ...two }]);
    expect(await page({ page: "9", pageSize: "2" })).toEqual(["", { page: 9, ...two }]);
    expect(await page({ pageSize: "9999" })).toMatchObject(["cba", { pageSize: 200 }]);
    const { body } = await list(productId, key);
    for (const { key } of keys) expect(JSON.stringify(body)).not.toContain(key);
    const { apiKeys } = body["data"] as { apiKeys: Json[] };
    expect(apiKeys.at(-1)).toMatchObject({ name: "a", lastUsedAt: expect.any(String) });
  });

  test("200 without any permission, 403 for another's product", async () => {
    const { id: productId } = await firstProduct();
    const { key } = await firstKey({ productId, permissions: [] });
    expect((await list(productId, key)).status).toBe(200);
    const other = await firstProduct({ name: "Other" });
    const reply = await list(other.id, key);
    expect([reply.status, codeOf(reply)]).toEqual([403, "FORBIDDEN"]);
  });
});

describe("createApiKey with kind geckoguard", () => {
  let owner: Owner;
  beforeEach(async () => {
    owner = await geckoKey(world, "prod_app", { scopes: ["license:read"] });
  });

  test("200 a key of the product, which lists show on both sides", async () => {
    const { body } = await list(owner.productId, owner.apiKey);
    expect(body["data"]).toMatchObject({
      apiKeys: [{ id: owner.keyId, permissions: ["license:read"], productId: owner.productId }],
    });
    const { keys } = await world.admin("listApiKeys", {});
    expect(keys).toMatchObject([
      { kind: "geckoguard", productIds: ["prod_app"], prefix: owner.apiKey.slice(0, 10) },
    ]);
  });

  test.each<[Json, string]>([
    [{ productId: undefined }, "productId: is required"],
    [{ productIds: ["prod_app"] }, "productIds: is not a field of a geckoguard key"],
    [{ test: true }, "test: is not a field of a geckoguard key"],
    [{ scopes: ["licenses:read"] }, "scopes.0: must be one of license:authorize, "],
    [{ scopes: [] }, "scopes: must name at least one scope"],
  ])("400 %j", async (terms, words) => {
    const ask = { name: "k", kind: "geckoguard", productId: "prod_app", ...terms };
    const headers = { "x-admin-secret": "test-admin-secret" };
    const { status, body } = await world.call("createApiKey", ask, { headers });
    expect([status, body["error"]]).toEqual([400, expect.stringContaining(words)]);
  });

  test("200 at the product of another account, that account's key", async () => {
    const foreign = await geckoKey(world, "prod_theirs", { creatorId: "studio" });
    const { keys } = await world.admin("listApiKeys", { creatorId: "studio" });
    expect(keys).toMatchObject([{ keyId: foreign.keyId, creatorId: "studio" }]);
    world.clock.advance(HOUR);
    expect((await geckoCall(world, "GET /v1/whoami", foreign)).status).toBe(200);
  });
});
