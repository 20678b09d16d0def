import { apiKeys, auditEntries } from "../../functions/src/store/collections.ts";
import {
  ADMIN_SECRET,
  type CallOptions,
  DAY,
  HOUR,
  type Json,
  NOW,
  openWorld,
  send,
  type World,
} from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };

/** The status an API key gets for a license that is nowhere: 404 when the key is good. */
const probe = async (apiKey: unknown) =>
  (await world.call("getLicense", { licenseKey: "nope", apiKey })).status;

const listed = async (ask: Json = {}) =>
  (await world.admin("listApiKeys", ask)) as { keys: Json[]; nextCursor: string | null };

async function keyOf(creatorId: string) {
  return String((await world.admin("createApiKey", { name: "k", creatorId }))["apiKey"]);
}

test("200 the secret is prefixed and shown once", async () => {
  expect(await world.admin("createApiKey", { name: "shop", creatorId: "studio" })).toEqual({
    success: true,
    keyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    apiKey: expect.stringMatching(/^cgls_[\w-]{32}$/),
  });
});

test("a key works in the body, in the query and as a header", async () => {
  const apiKey = await keyOf("studio");
  const ways: [Json, object][] = [
    [{ apiKey }, {}],
    [{}, { query: { apiKey } }],
    [{}, { headers: { "X-API-Key": apiKey } }],
  ];
  for (const [body, options] of ways) {
    const reply = await world.call("createProduct", { name: "x", ...body }, options);
    expect(reply.status).toBe(200);
  }
});

test("adminSecret works in the body and as a header", async () => {
  const body = { name: "x", adminSecret: ADMIN_SECRET };
  expect((await world.call("createProduct", body)).status).toBe(200);
  expect((await world.call("createProduct", { name: "x" }, { headers })).status).toBe(200);
});

test("401 an adminSecret in the URL, where proxies log it, whatever else was sent", async () => {
  const query = { adminSecret: ADMIN_SECRET };
  const ways: [Json | undefined, CallOptions][] = [
    [undefined, { method: "GET" }],
    [undefined, { method: "GET", headers }],
    [{}, { headers }],
    [{ adminSecret: ADMIN_SECRET }, {}],
  ];
  for (const [body, options] of ways) {
    expect(await world.call("listProducts", body, { ...options, query })).toMatchObject({
      status: 401,
      body: { error: "adminSecret: send it in the body or X-Admin-Secret" },
    });
  }
});

test("what a key makes is its account's; it cannot choose another", async () => {
  const apiKey = await keyOf("studio");
  const product = { name: "x", productId: "prod_x", apiKey };
  expect(await world.call("createProduct", { ...product, creatorId: "other" })).toMatchObject({
    status: 400,
    body: { code: "ACCOUNT_FIXED" },
  });
  expect((await world.call("createProduct", { ...product, creatorId: "studio" })).status).toBe(200);
  expect(
    (await world.call("createLicense", { email: "a@example.com", productId: "prod_x", apiKey }))
      .status,
  ).toBe(200);
});

test("404 another account's product and license look absent", async () => {
  const [mine, theirs] = [await keyOf("mine"), await keyOf("theirs")];
  await world.call("createProduct", { name: "x", productId: "prod_x", apiKey: mine });
  const license = { email: "a@example.com", productId: "prod_x" };
  const { body } = await world.call("createLicense", { ...license, apiKey: mine });
  const licenseKey = String(body["licenseKey"]);
  const asThem = (name: string, ask: Json) => world.call(name, { ...ask, apiKey: theirs });
  expect((await asThem("createLicense", license)).status).toBe(404);
  expect((await asThem("createVariant", { productId: "prod_x", name: "pro" })).status).toBe(404);
  const foreign = await asThem("getLicense", { licenseKey });
  const absent = await asThem("getLicense", { licenseKey: "nope" });
  expect(foreign.status).toBe(404);
  expect(foreign.body).toEqual(absent.body);
});

test("403 only the admin secret makes keys", async () => {
  const apiKey = await keyOf("studio");
  expect(await world.call("createApiKey", { name: "k", apiKey })).toMatchObject({
    status: 403,
    body: { success: false, code: "FORBIDDEN" },
  });
});

test("400 kinds this server does not have yet", async () => {
  expect(await world.call("createApiKey", { name: "k", kind: "x" }, { headers })).toMatchObject({
    status: 400,
    body: { error: "kind: must be one of native, codegate, proxgate, geckoguard" },
  });
});

describe("createApiKey", () => {
  test("400 an expiry that has passed, an unknown scope, no scope, no product", async () => {
    const cases: [Json, string][] = [
      [{ expiresAt: new Date(NOW).toISOString() }, "expiresAt: must be in the future"],
      [{ scopes: ["licenses:eat"] }, "scopes.0: must be one of licenses:read, "],
      [{ scopes: [] }, "scopes: must name at least one scope"],
      [{ productIds: [] }, "productIds: must name at least one product"],
    ];
    for (const [terms, error] of cases) {
      expect(await world.call("createApiKey", { name: "k", ...terms }, { headers })).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining(error) },
      });
    }
  });

  test("404 a product the account does not have", async () => {
    await world.admin("createProduct", { name: "x", productId: "prod_x", creatorId: "other" });
    for (const product of ["prod_x", "prod_nowhere"]) {
      const ask = { name: "k", creatorId: "studio", productIds: [product] };
      expect(await world.call("createApiKey", ask, { headers })).toMatchObject({
        status: 404,
        body: { error: "productIds: no such product", code: "PRODUCT_NOT_FOUND" },
      });
    }
  });

  test("401 from the instant it expires", async () => {
    const expiresAt = new Date(NOW + DAY).toISOString();
    const { apiKey } = await world.admin("createApiKey", { name: "k", expiresAt });
    world.clock.advance(DAY - 1);
    expect(await probe(apiKey)).toBe(404);
    world.clock.advance(1);
    expect(await probe(apiKey)).toBe(401);
  });
});

describe("listApiKeys", () => {
  test("200 what a key is and may, never its secret", async () => {
    await world.admin("createProduct", { name: "x", productId: "prod_x", creatorId: "studio" });
    const terms = {
      name: "shop",
      creatorId: "studio",
      expiresAt: "2027-01-01",
      scopes: ["licenses:read", "licenses:read"],
      productIds: ["prod_x", "prod_x"],
    };
    const { keyId, apiKey } = await world.admin("createApiKey", terms);
    const answer = await listed();
    expect(answer).toEqual({
      success: true,
      keys: [
        {
          keyId,
          name: "shop",
          prefix: String(apiKey).slice(0, 9),
          creatorId: "studio",
          kind: "native",
          scopes: ["licenses:read"],
          productIds: ["prod_x"],
          createdAt: "2026-11-20T09:00:00.000Z",
          expiresAt: "2027-01-01T00:00:00.000Z",
          lastUsedAt: null,
          revokedAt: null,
          active: true,
        },
      ],
      nextCursor: null,
    });
    world.clock.advance(60 * DAY);
    expect((await listed()).keys).toMatchObject([{ active: false, revokedAt: null }]);
  });

  test("newest first, page by page; a page costs its own items", async () => {
    for (let made = 1; made <= 7; made++) {
      await world.admin("createApiKey", { name: `k${made}`, creatorId: "studio" });
      await world.admin("createApiKey", { name: "theirs", creatorId: "other" });
      world.clock.advance(1);
    }
    const names: unknown[] = [];
    let cursor: string | null | undefined;
    for (const reads of [3, 3, 1]) {
      const ask: Json = { creatorId: "studio", limit: 3, ...(cursor ? { cursor } : {}) };
      const page = await listed(ask);
      expect(world.touched()).toEqual({ reads, writes: 0, aggregates: 0 });
      names.push(...page.keys.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(names).toEqual(["k7", "k6", "k5", "k4", "k3", "k2", "k1"]);
    expect(cursor).toBeNull();
    expect((await listed()).keys).toHaveLength(14);
  });

  test("200 by GET with its limit as text; an API key lists its own account", async () => {
    const apiKey = await keyOf("studio");
    await keyOf("other");
    const reply = await world.call("listApiKeys", undefined, {
      method: "GET",
      query: { limit: "10" },
      headers: { "x-api-key": apiKey },
    });
    expect(reply).toMatchObject({ status: 200, body: { keys: [{ creatorId: "studio" }] } });
    expect(await world.call("listApiKeys", { creatorId: "other", apiKey })).toMatchObject({
      status: 400,
      body: { code: "ACCOUNT_FIXED" },
    });
  });

  test("400 a limit and a cursor that are none", async () => {
    for (const limit of [0, 501, 1.5, "0", "1e2", " 5", "", true, null]) {
      const reply = await world.call("listApiKeys", { limit }, { headers });
      expect([limit, reply.status]).toEqual([limit, 400]);
      expect(reply.body["error"]).toContain("limit: ");
    }
    expect(await world.call("listApiKeys", { cursor: "x" }, { headers })).toMatchObject({
      status: 400,
      body: { error: "cursor: is not a cursor this list gave out" },
    });
  });
});

describe("revokeApiKey", () => {
  test("200 the key stops at once; a second time changes nothing", async () => {
    const { keyId, apiKey } = await world.admin("createApiKey", { name: "k" });
    expect(await probe(apiKey)).toBe(404);
    const first = await world.admin("revokeApiKey", { keyId });
    expect(first).toEqual({ success: true, keyId, revokedAt: "2026-11-20T09:00:00.000Z" });
    expect(await probe(apiKey)).toBe(401);
    world.clock.advance(DAY);
    expect(await world.admin("revokeApiKey", { keyId })).toEqual(first);
    expect(world.touched().writes).toBe(0);
    expect((await listed()).keys).toMatchObject([{ keyId, active: false }]);
  });

  test("it stops in another instance over the same store", async () => {
    const other = await openWorld({ store: world.store });
    const { keyId, apiKey } = await world.admin("createApiKey", { name: "k" });
    const there = () => other.call("getLicense", { licenseKey: "nope", apiKey });
    expect((await there()).status).toBe(404);
    await world.admin("revokeApiKey", { keyId });
    expect((await there()).status).toBe(401);
    const { store } = other;
    store.close = async () => undefined;
    await other.close();
  });
});

describe("rotateApiKey", () => {
  test("200 a new secret for the same key; the old one stops at once", async () => {
    const terms = { name: "shop", scopes: ["licenses:read"], expiresAt: "2027-01-01" };
    const { keyId, apiKey } = await world.admin("createApiKey", terms);
    const [before] = (await listed()).keys;
    world.clock.advance(HOUR);
    const rotated = await world.admin("rotateApiKey", { keyId });
    expect(rotated).toEqual({ success: true, keyId, apiKey: expect.stringMatching(/^cgls_/) });
    expect(rotated["apiKey"]).not.toBe(apiKey);
    const prefix = String(rotated["apiKey"]).slice(0, 9);
    expect((await listed()).keys).toEqual([{ ...before, prefix }]);
    expect(await probe(apiKey)).toBe(401);
    expect(await probe(rotated["apiKey"])).toBe(404);
    await world.admin("revokeApiKey", { keyId });
    expect(await probe(rotated["apiKey"])).toBe(401);
  });

  test("409 a revoked key and an expired one get no new secret", async () => {
    const revoked = await world.admin("createApiKey", { name: "k" });
    await world.admin("revokeApiKey", { keyId: revoked["keyId"] });
    const expiresAt = new Date(NOW + HOUR).toISOString();
    const expired = await world.admin("createApiKey", { name: "k", expiresAt });
    world.clock.advance(HOUR);
    for (const { keyId } of [revoked, expired]) {
      expect(await world.call("rotateApiKey", { keyId }, { headers })).toMatchObject({
        status: 409,
        body: { code: "API_KEY_INACTIVE" },
      });
    }
  });

  test("a retry under the same Idempotency-Key gets the same secret", async () => {
    const { keyId } = await world.admin("createApiKey", { name: "k" });
    const once = { headers: { ...headers, "idempotency-key": "rotate-1" } };
    const first = await world.call("rotateApiKey", { keyId }, once);
    expect((await world.call("rotateApiKey", { keyId }, once)).body).toEqual(first.body);
    expect(await probe(first.body["apiKey"])).toBe(404);
  });
});

test.each(["revokeApiKey", "rotateApiKey"])("404, 400 %s of no key", async (name) => {
  const keyId = "5f0c2c1e-0a1b-4c3d-8e5f-00000000000a";
  expect(await world.call(name, { keyId }, { headers })).toMatchObject({
    status: 404,
    body: { error: "keyId: no such API key", code: "API_KEY_NOT_FOUND" },
  });
  expect(await world.call(name, { keyId: "k" }, { headers })).toMatchObject({
    status: 400,
    body: { error: "keyId: must be a key's id" },
  });
});

test("creating, rotating and revoking are in the audit log, without secrets", async () => {
  const { keyId, apiKey } = await world.admin("createApiKey", { name: "k" });
  const rotated = await world.admin("rotateApiKey", { keyId });
  await world.admin("revokeApiKey", { keyId });
  await world.admin("revokeApiKey", { keyId });
  const ask = { equal: { targetId: String(keyId) }, limit: 10 };
  const { items } = await world.store.query(auditEntries, "byTarget", ask);
  expect(items.map(({ action }) => action).sort()).toEqual([
    "apiKey.create",
    "apiKey.revoke",
    "apiKey.rotate",
  ]);
  for (const secret of [apiKey, rotated["apiKey"]]) {
    expect(JSON.stringify(items)).not.toContain(secret);
  }
});

describe("what authentication costs", () => {
  test("one read; the first call of an hour one write, the others none", async () => {
    const apiKey = await keyOf("studio");
    const call = async () => {
      await world.call("getLicense", { licenseKey: "nope", apiKey });
      const { reads, writes } = world.touched();
      return { reads, writes };
    };
    expect(await call()).toEqual({ reads: 2, writes: 1 });
    expect(await call()).toEqual({ reads: 2, writes: 0 });
    world.clock.advance(HOUR - 1);
    expect(await call()).toEqual({ reads: 2, writes: 0 });
    expect((await listed()).keys).toMatchObject([{ lastUsedAt: "2026-11-20T09:00:00.000Z" }]);
    world.clock.advance(1);
    expect(await call()).toEqual({ reads: 2, writes: 1 });
    expect((await listed()).keys).toMatchObject([{ lastUsedAt: "2026-11-20T10:00:00.000Z" }]);
  });

  test("20 first calls at once write once", async () => {
    const apiKey = await keyOf("studio");
    world.logs.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => probe(apiKey)));
    expect(world.logs.reduce((sum, { writes }) => sum + Number(writes), 0)).toBe(1);
  });

  test("a store that cannot note the use does not fail the request", async () => {
    const apiKey = await keyOf("studio");
    world.store.commit = async () => {
      throw new Error("gone");
    };
    expect(await probe(apiKey)).toBe(404);
    expect(world.logs.filter(({ severity }) => severity !== "INFO")).toEqual([]);
  });

  test("a request does not wait for the note of its use", async () => {
    const apiKey = await keyOf("studio");
    let finish = () => {};
    world.store.commit = () =>
      new Promise<void>((done) => {
        finish = done;
      });
    const ask = { licenseKey: "nope", apiKey };
    expect(await send(world.url, "getLicense", ask)).toMatchObject({ status: 404 });
    finish();
  });
});

test("a key that an older version wrote still works, for the whole account", async () => {
  const secretHash = world.deps.vault.hash("api-key", "cgls_old");
  const old = {
    secretHash,
    id: world.deps.newId(),
    accountId: "studio",
    name: "old",
    kind: "native",
    prefix: "cgls_old",
    createdAt: NOW,
    revokedAt: null,
  };
  await world.store.commit([{ kind: "create", collection: apiKeys, record: old }]);
  expect((await world.call("createProduct", { name: "x", apiKey: "cgls_old" })).status).toBe(200);
  expect((await listed()).keys).toMatchObject([{ scopes: null, productIds: null, active: true }]);
});
