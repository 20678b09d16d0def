import fc from "fast-check";
import * as z from "zod";
import { refuse } from "../../functions/src/core/decision.ts";
import { derivedId } from "../../functions/src/crypto/vault.ts";
import { keyRoute } from "../../functions/src/dialects/geckoguard/define-route.ts";
import { dateTime } from "../../functions/src/dialects/geckoguard/fields.ts";
import { geckoguard } from "../../functions/src/dialects/geckoguard/routes.ts";
import { createGeckoguardKey } from "../../functions/src/operations/api-keys/create-geckoguard-key.ts";
import { idempotencyRecords } from "../../functions/src/store/collections.ts";
import { StoreUnavailableError } from "../../functions/src/store/document-store.ts";
import {
  codeOf,
  detailsOf,
  geckoCall,
  geckoKey,
  type Owner,
  openGecko,
  UNLIMITED,
} from "../support/geckoguard.ts";
import { DAY, HOUR, type Json, MINUTE, NOW, type World } from "../support/world.ts";

const THING = "5f0c2c1e-0a1b-4c3d-8e5f-000000000007";

/** A change as others of this dialect are, whose outcomes a test can choose: it makes an API key. */
const makeThing = keyRoute({
  method: "POST",
  path: "/v1/products/:productId/things/:thingId",
  scope: "license:create",
  status: 201,
  query: z.object({ loud: z.enum(["yes", "no"], "must be yes or no").optional() }),
  body: z.object({
    count: z.int("must be a whole number").max(5, "must be at most 5"),
    when: dateTime.optional(),
    end: z.enum(["refused", "busy", "broken"]).optional(),
  }),
  async handle(deps, { principal, productId }, { ids, body }) {
    if (body.end === "refused") return refuse("PRODUCT_NOT_FOUND");
    if (body.end === "busy") throw new StoreUnavailableError("gone");
    if (body.end === "broken") throw new Error("broken");
    const made = await createGeckoguardKey(deps, principal, { name: "thing", productId });
    return made.ok ? { thingId: ids.thingId, key: made.apiKey } : made;
  },
});
const routers = [
  { name: "v1", dialects: [{ ...geckoguard, routes: [...geckoguard.routes, makeThing] }] },
] as const;

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko({ routers });
  owner = await geckoKey(world);
});
afterEach(() => world.close());

const limited = async (limits: Partial<typeof UNLIMITED>) => {
  await world.close();
  world = await openGecko({
    routers,
    settings: { geckoguardPerMinute: { ...UNLIMITED, ...limits } },
  });
  owner = await geckoKey(world);
};
type Ask = Parameters<typeof geckoCall>[3];
const thing = (as: Partial<Owner>, ask: Ask = {}, path = `${owner.productId}/things/${THING}`) =>
  geckoCall(world, `POST /v1/products/${path}`, as, { body: { count: 1 }, ...ask });
const made = async () => {
  const keys = await geckoCall(world, `GET /v1/products/${owner.productId}/api-keys`, owner);
  const { apiKeys } = keys.body["data"] as { apiKeys: { name: string }[] };
  return apiKeys.filter(({ name }) => name === "thing").length;
};

describe("GET", () => {
  test("200 /v1/whoami, for one document read", async () => {
    await geckoCall(world, "GET /v1/whoami", owner);
    const { status, body } = await geckoCall(world, "GET /v1/whoami", owner);
    const { keyId, productId } = owner;
    expect([status, body]).toEqual([200, { ok: true, data: { apiKeyId: keyId, productId } }]);
    expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
  });

  test("200 /v1/status and /health without a credential, 503 when the store is down", async () => {
    expect((await geckoCall(world, "GET /v1/status")).body).toEqual({
      ok: true,
      data: {
        status: "ok",
        version: expect.stringMatching(/^\d/),
        time: "2026-11-20T09:00:00.000Z",
      },
    });
    expect((await geckoCall(world, "GET /health")).body).toEqual({ ok: true });
    const head = await fetch(`${world.url}/health`, { method: "HEAD" });
    expect([head.status, head.headers.get("x-ratelimit-limit")]).toEqual([200, null]);
    const { get } = world.store;
    world.store.get = () => Promise.reject(new StoreUnavailableError("down"));
    for (const route of ["GET /health", "GET /health/", "GET /v1/whoami"]) {
      const reply = await geckoCall(world, route, owner);
      expect([reply.status, codeOf(reply)]).toEqual([503, "SERVICE_UNAVAILABLE"]);
      expect(reply.headers.get("retry-after")).toBe("1");
    }
    expect((await geckoCall(world, "GET /v1/status")).status).toBe(200);
    world.store.get = get;
  });
});

describe("401 UNAUTHORIZED", () => {
  test("without a key, with one that is unknown, too long, twice there, a bearer token", async () => {
    const answers = [];
    for (const headers of [
      {},
      { "x-api-key": "" },
      { "x-api-key": `gg_${"0".repeat(64)}` },
      { "x-api-key": `gg_${"0".repeat(500)}` },
      { "x-api-key": `${owner.apiKey}, ${owner.apiKey}` },
      { authorization: `Bearer ${owner.apiKey}` },
      { "x-api-key": owner.apiKey.toUpperCase() },
    ] as Record<string, string>[]) {
      const { status, body } = await geckoCall(world, "GET /v1/whoami", {}, { headers });
      answers.push({ status, body });
    }
    const error = { code: "UNAUTHORIZED", message: "Missing or invalid API key" };
    expect(answers).toEqual(Array(7).fill({ status: 401, body: { ok: false, error } }));
  });

  test("with a key that is revoked, expired, rotated away or of another kind", async () => {
    const soon = { expiresAt: new Date(NOW + HOUR).toISOString() };
    const expired = await geckoKey(world, "prod_gecko", soon);
    const revoked = await geckoKey(world);
    const rotated = await geckoKey(world);
    for (const key of [expired, revoked, rotated]) {
      expect((await geckoCall(world, "GET /v1/whoami", key)).status).toBe(200);
    }
    await world.admin("revokeApiKey", { keyId: revoked.keyId });
    const { apiKey } = await world.admin("rotateApiKey", { keyId: rotated.keyId });
    const { keyId } = rotated;
    expect(apiKey).toMatch(/^gg_[0-9a-f]{64}$/);
    const again = await geckoCall(world, "GET /v1/whoami", { apiKey: String(apiKey) });
    expect(again.body).toMatchObject({ data: { apiKeyId: keyId, productId: rotated.productId } });
    world.clock.advance(HOUR);
    const others = [
      { name: "k" },
      { name: "k", kind: "proxgate" },
      { name: "k", kind: "codegate", productId: "prod_gecko" },
    ];
    const foreign = await Promise.all(others.map((ask) => world.admin("createApiKey", ask)));
    for (const key of [expired, revoked, rotated, ...(foreign as Partial<Owner>[])]) {
      expect((await geckoCall(world, "GET /v1/whoami", key)).status).toBe(401);
    }
  });

  test("and a key of this kind opens neither a native function nor another dialect", async () => {
    const headers = { "x-api-key": owner.apiKey, authorization: `Bearer ${owner.apiKey}` };
    expect((await world.call("listLicenses", {}, { headers })).status).toBe(401);
    const body = { license_key: "x", domain: "example.com" };
    expect((await world.call("api/v1/licenses/activate", body, { headers })).status).toBe(401);
  });

  test("under the dashboard's and the portal's paths, with a good key too", async () => {
    for (const route of ["GET /v1/dashboard/orgs", "POST /v1/dashboard/x", "GET /v1/enduser/me"]) {
      const reply = await geckoCall(world, route, owner);
      expect([reply.status, codeOf(reply)]).toEqual([401, "UNAUTHORIZED"]);
    }
  });

  test("429 for an address that guesses, with when to try again", async () => {
    const guess = { apiKey: `gg_${"0".repeat(64)}` };
    for (let count = 0; count < 300; count++) {
      expect((await geckoCall(world, "GET /v1/whoami", guess)).status).toBe(401);
    }
    const reply = await geckoCall(world, "GET /v1/whoami", owner);
    expect([reply.status, codeOf(reply)]).toEqual([429, "RATE_LIMITED"]);
    expect(reply.headers.get("retry-after")).toBe("60");
  });
});

describe("what is wrong first is said first", () => {
  const reader = (scopes: string[]) => geckoKey(world, "prod_gecko", { scopes });
  const bad = { headers: { "idempotency-key": "ä b" }, body: { count: 9 } };
  const badKey = { headers: { "idempotency-key": " " }, body: { count: 9 } };

  test("429 of the address before 401", async () => {
    await limited({ address: 1 });
    await geckoCall(world, "GET /v1/whoami", owner);
    expect(codeOf(await thing({ apiKey: "gg_no" }, {}, "slug/things/slug"))).toBe("RATE_LIMITED");
  });

  test("401 before what is wrong with path and body", async () => {
    expect(codeOf(await thing({}, badKey, "slug/things/slug"))).toBe("UNAUTHORIZED");
    const large = { raw: "x".repeat(1_100_000) };
    expect(codeOf(await thing({}, large))).toBe("UNAUTHORIZED");
    expect(codeOf(await thing(owner, large))).toBe("PAYLOAD_TOO_LARGE");
    expect((await thing(owner, large)).status).toBe(413);
  });

  test.each([
    ["key", "RATE_LIMITED"],
    ["product", "PRODUCT_RATE_LIMITED"],
  ])("429 of the %s before 403", async (bucket, code) => {
    await limited({ [bucket]: 1 });
    const other = await geckoKey(world, "prod_other");
    await geckoCall(world, "GET /v1/whoami", owner);
    const reply = await thing(owner, badKey, `${other.productId}/things/slug`);
    expect([reply.status, codeOf(reply)]).toEqual([429, code]);
    expect(reply.headers.get("retry-after")).toBe("60");
  });

  test("403 FORBIDDEN for another's product before 403 PERMISSION_DENIED", async () => {
    const other = await geckoKey(world, "prod_other");
    const none = await reader(["license:read"]);
    for (const productId of [other.productId, THING, other.productId.toUpperCase()]) {
      const { status, body } = await thing(none, bad, `${productId}/things/slug`);
      const message = "API key is not bound to this product";
      const expected = { ok: false, error: { code: "FORBIDDEN", message } };
      expect([status, body]).toEqual([403, expected]);
    }
    const upper = `${owner.productId.toUpperCase()}/things/${THING}`;
    expect((await thing(owner, {}, upper)).status).toBe(201);
  });

  test("403 PERMISSION_DENIED names the scope, before a bad Idempotency-Key", async () => {
    const none = await reader(["license:read"]);
    const { status, body } = await thing(none, badKey, `${owner.productId}/things/slug`);
    const message = "API key does not have permission: license:create";
    expect([status, body]).toEqual([
      403,
      { ok: false, error: { code: "PERMISSION_DENIED", message } },
    ]);
  });

  test("400 for a bad Idempotency-Key before a bad body, then for path, query and body", async () => {
    const long = { headers: { "idempotency-key": "k".repeat(256) }, body: { count: 9 } };
    const slug = `${owner.productId}/things/my-thing`;
    expect(detailsOf(await thing(owner, long, slug))).toEqual(["Idempotency-Key"]);
    expect(detailsOf(await thing(owner, { body: { count: 9 } }, slug))).toEqual(["thingId"]);
    const loud = { query: { loud: "perhaps" }, body: { count: 9 } };
    expect(detailsOf(await thing(owner, loud))).toEqual(["loud"]);
    expect(detailsOf(await thing(owner, {}, "slug/things/slug"))).toEqual(["productId"]);
  });
});

describe("400 VALIDATION_ERROR", () => {
  test("names each field with what is wrong and of what kind", async () => {
    const { status, body } = await thing(owner, { body: { count: "1", when: "tomorrow" } });
    expect([status, body]).toEqual([
      400,
      {
        ok: false,
        error: {
          code: "VALIDATION_ERROR",
          message: "Request validation failed",
          details: [
            { path: "count", message: "must be a whole number", code: "invalid_type" },
            { path: "when", message: "must be an ISO 8601 date-time", code: "invalid_string" },
          ],
        },
      },
    ]);
    expect((await thing(owner, { body: { count: 1, other: 1 } })).status).toBe(201);
  });

  test.each([
    ["malformed JSON", "{"],
    ["a list", "[]"],
    ["a prototype", '{"count":1,"__proto__":{}}'],
    ["no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
  ])("for %s", async (_, raw) => {
    const reply = await thing(owner, { raw });
    expect([reply.status, codeOf(reply)]).toEqual([400, "VALIDATION_ERROR"]);
  });

  test.each([
    ["0", 400],
    ["-1", 400],
    ["1.5", 400],
    ["x", 400],
    ["1e3", 400],
    ["", 400],
    ["2", 200],
  ])("for page %s: %i", async (page, status) => {
    const route = `GET /v1/products/${owner.productId}/api-keys`;
    expect((await geckoCall(world, route, owner, { query: { page } })).status).toBe(status);
  });
});

test.each<[string, number, string]>([
  ["GET /v1/nothing", 404, "NOT_FOUND"],
  ["GET /v1", 404, "NOT_FOUND"],
  ["GET /v1/products//things", 404, "NOT_FOUND"],
  ["POST /v1/whoami", 405, "METHOD_NOT_ALLOWED"],
  ["OPTIONS /v1/whoami", 405, "METHOD_NOT_ALLOWED"],
])("%s is %i %s in the envelope", async (route, status, code) => {
  const reply = await geckoCall(world, route, owner);
  expect([reply.status, reply.body["ok"], codeOf(reply)]).toEqual([status, false, code]);
  expect(reply.headers.get("x-request-id")).toMatch(/./);
  expect(reply.headers.get("access-control-allow-origin")).toBeNull();
});

describe("429", () => {
  test("without a credential earlier; each answer tells of the tightest bucket", async () => {
    await limited({ address: 5, anonymous: 2 });
    const told = [];
    for (let call = 0; call < 3; call++) {
      const { status, headers } = await geckoCall(world, "GET /v1/status");
      told.push([status, headers.get("x-ratelimit-remaining"), headers.get("retry-after")]);
    }
    expect(told).toEqual([
      [200, "1", null],
      [200, "0", null],
      [429, "0", "60"],
    ]);
    for (const left of ["2", "1", "0"]) {
      const { headers } = await geckoCall(world, "GET /v1/nothing", { apiKey: "gg_unknown" });
      expect(headers.get("x-ratelimit-remaining")).toBe(left);
      expect(headers.get("x-ratelimit-reset")).toBe(String((NOW + MINUTE) / 1000));
      expect(headers.get("x-ratelimit-limit")).toBe("5");
    }
    expect(codeOf(await geckoCall(world, "GET /v1/whoami", owner))).toBe("RATE_LIMITED");
    expect((await geckoCall(world, "GET /health")).status).toBe(200);
    world.clock.advance(MINUTE);
    expect((await geckoCall(world, "GET /v1/whoami", owner)).status).toBe(200);
  });

  test("too many failed requests of an address keep nobody from seeing whether the service is up", async () => {
    const guess = () => geckoCall(world, "GET /v1/whoami", { apiKey: "gg_unknown" });
    await Promise.all(Array.from({ length: 300 }, guess));
    expect((await guess()).status).toBe(429);
    for (const route of ["GET /health", "GET /v1/health"]) {
      const { status, body } = await geckoCall(world, route);
      expect([status, body]).toEqual([200, { ok: true }]);
    }
  });

  test("a key's own minute is no other's, and does not use up its product's", async () => {
    await limited({ key: 3, product: 5 });
    const other = await geckoKey(world);
    const codes = async (key: Owner, calls: number) => {
      const answers = [];
      for (let call = 0; call < calls; call++) {
        answers.push(await geckoCall(world, "GET /v1/whoami", key));
      }
      return answers.map((answer) => codeOf(answer) ?? answer.headers.get("x-ratelimit-limit"));
    };
    expect(await codes(owner, 5)).toEqual(["3", "3", "3", "RATE_LIMITED", "RATE_LIMITED"]);
    expect(await codes(other, 3)).toEqual(["5", "5", "PRODUCT_RATE_LIMITED"]);
    const foreign = await geckoKey(world, "prod_other");
    expect(await codes(foreign, 1)).toEqual(["3"]);
  });

  test("the usual limits cost a quiet key no document", async () => {
    const { address, anonymous, key, product, licenseKey } = {
      address: 120,
      anonymous: 60,
      key: 600,
      product: 1200,
      licenseKey: 20,
    };
    await limited({ address, anonymous, key, product, licenseKey });
    for (let call = 0; call < 2; call++) {
      const { headers } = await geckoCall(world, "GET /v1/whoami", owner);
      expect(headers.get("x-ratelimit-remaining")).toBe(String(119 - call));
    }
    expect(world.touched()).toEqual({ reads: 1, writes: 0, aggregates: 0 });
  });
});

describe("Idempotency-Key", () => {
  const key = (value: string) => ({ headers: { "idempotency-key": value } });
  const replayed = ({ headers }: { headers: Headers }) => headers.get("idempotent-replayed");

  test("201 the same answer again, its secret too, for one change and sealed", async () => {
    const first = await thing(owner, key("order-1"));
    const again = await thing(owner, key("order-1"));
    expect([first.status, again.status, replayed(first), replayed(again)]).toEqual([
      201,
      201,
      null,
      "true",
    ]);
    expect(again.body).toEqual(first.body);
    expect(await made()).toBe(1);
    const { key: secret } = first.body["data"] as { key: string };
    expect(secret).toMatch(/^gg_/);
    const path = `/v1/products/${owner.productId}/things/${THING}`;
    const id = derivedId("idempotency", "v1", owner.keyId, "POST", path, "order-1");
    const record = await world.store.get(idempotencyRecords, id);
    expect(record?.answerSealed).toBeTruthy();
    expect(JSON.stringify(record)).not.toContain(secret);
  });

  test("409 IDEMPOTENCY_KEY_REUSE for other bytes or another query", async () => {
    await thing(owner, key("order-1"));
    for (const more of [
      { body: { count: 2 } },
      { raw: '{"count": 1}' },
      { raw: "" },
      { query: { loud: "no" } },
    ]) {
      const reply = await thing(owner, { ...key("order-1"), ...more });
      expect([reply.status, codeOf(reply)]).toEqual([409, "IDEMPOTENCY_KEY_REUSE"]);
    }
    expect(await made()).toBe(1);
  });

  test("201 is another's for another path, another API key, and after a day", async () => {
    await thing(owner, key("order-1"));
    const other = THING.replace(/7$/, "8");
    expect(replayed(await thing(owner, key("order-1"), `${owner.productId}/things/${other}`))).toBe(
      null,
    );
    expect(replayed(await thing(await geckoKey(world), key("order-1")))).toBe(null);
    world.clock.advance(DAY);
    expect(replayed(await thing(owner, key("order-1")))).toBe(null);
    expect(await made()).toBe(4);
  });

  test("a refusal and a bad body are answers that are kept; a limit, a fault and 401 are none", async () => {
    const ends: [Json, number, string | null][] = [
      [{ count: 1, end: "refused" }, 404, "true"],
      [{ count: 9 }, 400, "true"],
      [{ count: 1, end: "busy" }, 503, null],
      [{ count: 1, end: "broken" }, 500, null],
    ];
    for (const [index, [body, status, again]] of ends.entries()) {
      const ask = { ...key(`order-${index}`), body };
      expect((await thing(owner, ask)).status).toBe(status);
      const second = await thing(owner, ask);
      expect([second.status, replayed(second)]).toEqual([status, again]);
      expect(second.headers.get("retry-after")).toBe(status === 503 ? "1" : null);
    }
    expect(JSON.stringify((await thing(owner, { body: { count: 1, end: "broken" } })).body)).toBe(
      '{"ok":false,"error":{"code":"INTERNAL_ERROR","message":"Something went wrong on our side."}}',
    );
    await limited({ key: 1 });
    await geckoCall(world, "GET /v1/whoami", owner);
    expect((await thing(owner, key("late"))).status).toBe(429);
    world.clock.advance(MINUTE);
    const late = await thing(owner, key("late"));
    expect([late.status, replayed(late)]).toEqual([201, null]);
  });

  test("of ten at once one makes the change, and all say the same", async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => thing(owner, key("one"))));
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(await made()).toBe(1);
  });

  test("is nothing to a GET", async () => {
    for (const page of ["1", "2"]) {
      const route = `GET /v1/products/${owner.productId}/api-keys`;
      const ask = { ...key("\u00e4 b"), query: { page } };
      const reply = await geckoCall(world, route, owner, ask);
      expect([reply.status, replayed(reply)]).toEqual([200, null]);
    }
  });
});

test("whatever is sent is answered in the envelope, and nothing of it is a fault of ours", async () => {
  const segment = fc.oneof(
    fc.constantFrom("products", "whoami", "things", "api-keys", owner.productId, THING, "%", "%00"),
    fc.constantFrom("..%2f", "%F0%9F", "constructor", "__proto__", "dashboard", "licenses"),
    fc.string().map(encodeURIComponent),
  );
  const request = fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"),
    path: fc.array(segment, { maxLength: 5 }),
    query: fc.webQueryParameters(),
    raw: fc.oneof(fc.json(), fc.string(), fc.constant('{"count":1}')),
    known: fc.boolean(),
    id: fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, raw, known, id }) => {
      const response = await fetch(`${world.url}/v1/${path.join("/")}?${query}`, {
        method,
        headers: {
          "x-api-key": known ? owner.apiKey : id,
          "x-request-id": id,
          "idempotency-key": id,
        },
        ...(method === "GET" ? {} : { body: raw }),
      });
      const body = (await response.json()) as Json;
      expect(response.status).toBeLessThan(500);
      expect(response.headers.get("x-request-id")).toMatch(/^[\w.:-]{8,128}$/);
      expect(body["ok"]).toBe(response.status < 300);
      if (response.status >= 300) {
        expect(body).toEqual({
          ok: false,
          error: expect.objectContaining({
            code: expect.stringMatching(/^[A-Z_]+$/),
            message: expect.any(String),
          }),
        });
      }
    }),
    { numRuns: 250 },
  );
});
