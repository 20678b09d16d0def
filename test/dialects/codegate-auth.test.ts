import crypto from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { apiKeys } from "../../functions/src/store/collections.ts";
import {
  codegateKey,
  hmac,
  type Project,
  project,
  putCodes,
  type Sent,
  sendRaw,
  signedCall,
} from "../support/codegate.ts";
import { MINUTE, openWorld, type World } from "../support/world.ts";
import { refused, VECTOR_KEY, type Vector, vectors } from "./codegate-vectors.ts";

const INVALID_KEY = { status: 401, body: { detail: "Invalid API credentials" } };
const INVALID_SIGNATURE = { status: 401, body: { detail: "Invalid signature" } };
const INVALID_TIMESTAMP = { status: 401, body: { detail: "Invalid timestamp format" } };
const EXPIRED = {
  status: 401,
  body: {
    detail: "Timestamp expired. Request timestamp is too old or too far in the future.",
  },
};

let world: World;
let owner: Project;
beforeAll(async () => {
  world = await openWorld({ settings: { codegateRequestsPerMinute: 0 } });
  owner = await project(world);
});
afterAll(() => world.close());
// So many refused calls from one address would run into the failure limit.
beforeEach(() => world.clock.advance(MINUTE));

const send = (call: Sent, url = world.url) => sendRaw(url, call);
const now = () => world.clock.now();

describe("the recorded vectors", () => {
  let recorded: World;
  beforeAll(async () => {
    recorded = await openWorld({ settings: { codegateRequestsPerMinute: 0 } });
    recorded.clock.advance(VECTOR_KEY.timestamp * 1000 - recorded.clock.now());
    vectorKey = (await project(recorded)).apiKey;
    const key = await recorded.store.get(apiKeys, recorded.deps.vault.hash("api-key", vectorKey));
    if (!key) throw new Error("no key");
    // The key as it was recorded: its secret is given there.
    const secretSealed = recorded.deps.vault.seal("api-key-secret", VECTOR_KEY.secret);
    await recorded.store.commit([
      { kind: "set", collection: apiKeys, record: { ...key, secretSealed } },
    ]);
  });
  afterAll(() => recorded.close());
  beforeEach(() => recorded.clock.advance(VECTOR_KEY.timestamp * 1000 - recorded.clock.now()));
  let vectorKey = "";

  const callOf = ({ path, query, body, signature }: Vector): Sent => ({
    method: body === undefined ? "GET" : "POST",
    path,
    ...(query === undefined ? {} : { query: `?${query}` }),
    ...(body === undefined ? {} : { body }),
    headers: {
      "X-API-Key": vectorKey,
      "X-Timestamp": String(VECTOR_KEY.timestamp),
      "X-Signature": signature,
    },
  });

  // The project of the recording is no UUID, so it is never this key's: who is told so has proved
  // who they are.
  test.each(vectors)("$name is accepted", async (vector) => {
    expect(await sendRaw(recorded.url, callOf(vector))).toMatchObject({
      status: 403,
      body: { detail: "Project ID in path does not match API Key's project" },
    });
  });

  test.each(refused)("$name is refused", async (vector) => {
    expect(await sendRaw(recorded.url, callOf(vector))).toMatchObject(INVALID_SIGNATURE);
  });

  test.each(vectors)("$name with any one part changed is refused", async (vector) => {
    const call = callOf(vector);
    const other = call.method === "GET" ? "POST" : "GET";
    const late = { ...call.headers, "X-Timestamp": String(VECTOR_KEY.timestamp + 1) };
    const upper = { ...call.headers, "X-Signature": vector.signature.toUpperCase() };
    const changed: Sent[] = [
      { ...call, path: `${call.path.slice(0, -1)}_` },
      { ...call, query: `${call.query ?? "?"}&x=1` },
      { ...call, headers: late },
      { ...call, headers: upper },
      ...(call.body === undefined
        ? []
        : [{ ...call, body: `${String(call.body).slice(0, -1)} }` }]),
    ];
    for (const one of changed) {
      expect([401, 404, 405]).toContain((await sendRaw(recorded.url, one)).status);
    }
    expect([401, 404, 405]).toContain(
      (await sendRaw(recorded.url, { ...call, method: other })).status,
    );
  });
});

describe("the order of the checks", () => {
  const call = (more: Record<string, string | undefined>): Sent => {
    const good = signedCall(owner, { at: now() });
    const headers = Object.entries({ ...good.headers, ...more });
    return {
      ...good,
      headers: Object.fromEntries(headers.filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >,
    };
  };
  const stale = "1";
  const cases: [string, Record<string, string | undefined>, object][] = [
    ["no key", { "X-API-Key": undefined, "X-Timestamp": "x" }, INVALID_KEY],
    ["no signature", { "X-Signature": undefined, "X-Timestamp": "x" }, INVALID_SIGNATURE],
    ["no timestamp", { "X-Timestamp": undefined }, INVALID_TIMESTAMP],
    [
      "a timestamp that is no number, before the key",
      { "X-Timestamp": "1.5", "X-API-Key": "x" },
      INVALID_TIMESTAMP,
    ],
    ["an empty timestamp", { "X-Timestamp": "" }, INVALID_TIMESTAMP],
    ["a stale timestamp, before the key", { "X-Timestamp": stale, "X-API-Key": "x" }, EXPIRED],
    [
      "an unknown key, before the signature",
      { "X-API-Key": "0".repeat(32), "X-Signature": "x" },
      INVALID_KEY,
    ],
    ["a signature of another form", { "X-Signature": "x" }, INVALID_SIGNATURE],
    ["another signature", { "X-Signature": "0".repeat(64) }, INVALID_SIGNATURE],
  ];
  test.each(cases)("401 %s", async (_, headers, expected) => {
    expect(await send(call(headers))).toMatchObject(expected);
  });

  test.each([
    [300, 200],
    [-300, 200],
    [301, 401],
    [-301, 401],
  ])("a timestamp off by %i s is answered %i", async (seconds, status) => {
    expect((await send(signedCall(owner, { at: now() - seconds * 1000 }))).status).toBe(status);
  });

  test("401 milliseconds", async () => {
    expect(await send(signedCall(owner, { at: now() * 1000 }))).toMatchObject(EXPIRED);
  });

  test("a body that no signature covers is nothing to a GET", async () => {
    const reply = await send({ ...signedCall(owner, { at: now() }), body: "x" });
    expect(reply.status).toBe(200);
  });
});

test("an unknown key and a wrong signature cost the same work", async () => {
  const made = jest.spyOn(crypto, "createHmac");
  const compared = jest.spyOn(crypto, "timingSafeEqual");
  const opened = jest.spyOn(crypto, "createDecipheriv");
  const good = signedCall(owner, { at: now() });
  const workOf = async (headers: Record<string, string>) => {
    for (const spy of [made, compared, opened]) spy.mockClear();
    const reply = await send({ ...good, headers: { ...good.headers, ...headers } });
    await world.settled();
    const calls = [made, compared, opened].map((spy) => spy.mock.calls.length);
    return { status: reply.status, calls, ...world.touched() };
  };
  const wrong = { "X-Signature": "0".repeat(64) };
  const unknown = { ...wrong, "X-API-Key": "0".repeat(32) };
  const revoked = { ...wrong, "X-API-Key": (await codegateKey(world)).apiKey };
  owner = await codegateKey(world);
  await workOf(unknown);
  const expected = await workOf({ ...wrong, "X-API-Key": owner.apiKey });
  expect(expected).toMatchObject({ status: 401, calls: [3, 2, 1], reads: 1, writes: 0 });
  expect(await workOf(unknown)).toEqual(expected);
  expect(await workOf(revoked)).toEqual(expected);
  expect(await workOf({ ...unknown, "X-Signature": "short" })).toEqual(expected);
  jest.restoreAllMocks();
});

test("no change of a signed request gets in, but one that means the same", async () => {
  const codes = { path: "/codes", query: { page: 1, page_size: 20, search: "a b" } };
  const bases = [
    () => signedCall(owner, { at: now() }),
    () => signedCall(owner, { ...codes, at: now() }),
    () => signedCall(owner, { ...codes, sdk: "javascript", at: now() }),
    () => signedCall(owner, { path: "/codes/verify", body: { code: "A" }, at: now() }),
  ];
  const hex = fc.stringMatching(/^[0-9a-f]{1,64}$/);
  const token = fc.stringMatching(/^[\w.~!*'()%+&=-]{1,12}$/);
  const at = fc.nat();
  const mutation = fc.oneof(
    fc.record({
      part: fc.constant("method"),
      with: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD"),
    }),
    fc.record({ part: fc.constantFrom("path", "query", "body"), at, with: token }),
    fc.record({
      part: fc.constant("header"),
      name: fc.constantFrom("X-API-Key", "X-Signature"),
      at,
      with: hex,
    }),
    fc.record({
      part: fc.constant("header"),
      name: fc.constant("X-Timestamp"),
      at,
      with: fc.stringMatching(/^[0-9 +_.-]{1,4}$/),
    }),
  );
  const spliced = (text: string, where: number, what: string) => {
    const start = where % (text.length + 1);
    return text.slice(0, start) + what + text.slice(start + what.length);
  };
  const meaning = (query = "") =>
    JSON.stringify([...new Map(new URLSearchParams(query))].toSorted());
  await fc.assert(
    fc.asyncProperty(fc.nat(3), mutation, async (index, change) => {
      world.clock.advance(MINUTE);
      const base = bases[index]?.() ?? signedCall(owner, { at: now() });
      const { part } = change;
      const changed: Sent = { ...base, headers: { ...base.headers } };
      if (part === "method") changed.method = change.with;
      else if ("name" in change) {
        const { name } = change;
        changed.headers[name] = spliced(base.headers[name] ?? "", change.at, change.with).trim();
      } else if (part === "path")
        changed.path = spliced(base.path, "at" in change ? change.at : 0, change.with);
      else if (part === "query")
        changed.query = `?${spliced((base.query ?? "").slice(1), "at" in change ? change.at : 0, change.with)}`;
      else if (base.method === "POST")
        changed.body = spliced(String(base.body), "at" in change ? change.at : 0, change.with);
      const [path, extra] = changed.path.split("?");
      fc.pre(extra === undefined && path?.startsWith("/api/") === true);
      const same =
        JSON.stringify({ ...changed, query: "" }) === JSON.stringify({ ...base, query: "" }) &&
        meaning(changed.query) === meaning(base.query);
      if (changed.method === "HEAD") return;
      const reply = await send(changed);
      if (same) return;
      expect([401, 404, 405]).toContain(reply.status);
      expect(typeof reply.body["detail"]).toBe("string");
      if (reply.status === 404) expect(reply.body["detail"]).toBe("Not Found");
    }),
    { numRuns: 600 },
  );
});

describe("behind every address of the function", () => {
  const servers: Server[] = [];
  afterAll(() => servers.map((server) => server.close()));
  const behind = async (seen: (url: string) => string) => {
    const server = createServer((asked, response) => {
      asked.url = seen(asked.url ?? "/");
      world.routed.get("api")?.(asked, response);
    });
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const same = (url: string) => url;
  test.each<[string, () => Promise<string>]>([
    [
      "cloudfunctions.net, which takes the function's name off",
      () => behind((url) => url.replace(/^\/api/, "")),
    ],
    ["run.app", () => behind(same)],
    ["a Hosting rewrite", () => behind(same)],
    ["the local server", async () => world.url],
  ])("200 at %s", async (_, open) => {
    const url = await open();
    await putCodes(world, owner, [{ text: "A/B C" }]);
    for (const ask of [
      {},
      { path: "/codes", query: { page: 1, search: "a b" } },
      { code: "A/B C" },
    ]) {
      expect((await send(signedCall(owner, { ...ask, at: now() }), url)).status).toBe(200);
    }
    const tampered = {
      ...signedCall(owner, { at: now() }),
      path: `/api/v1/projects/${"0".repeat(32)}`,
    };
    expect(await send(tampered, url)).toMatchObject(INVALID_SIGNATURE);
  });
});

test("404 and 405 are JSON in the dialect's shape, and nothing is for other origins", async () => {
  const base = `/api/v1/projects/${owner.projectId}`;
  const headers = { Origin: "https://evil.example" };
  for (const path of [
    "/api",
    "/api/",
    "/api/v1",
    "/api/v2/projects",
    `${base}/`,
    `${base}/codes/by-code/`,
    `${base}/codes/by-code/a/b`,
  ]) {
    expect(await send({ method: "GET", path, headers })).toMatchObject({
      status: 404,
      body: { detail: "Not Found" },
    });
  }
  const wrong = await send({ method: "DELETE", path: base, headers });
  expect(wrong).toMatchObject({
    status: 405,
    body: { detail: "Method Not Allowed" },
    headers: { allow: "GET" },
  });
  const preflight = await send({ method: "OPTIONS", path: `${base}/codes/verify`, headers });
  expect(preflight).toMatchObject({ status: 405, headers: { allow: "GET, POST" } });
  expect(preflight.headers["access-control-allow-origin"]).toBeUndefined();
  expect(preflight.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("the edge's limits hold: 413, 429 for an address that guesses, 500 logged once", async () => {
  const body = "x".repeat(2 << 20);
  const path = `/api/v1/projects/${owner.projectId}/codes/verify`;
  const large = await send({ method: "POST", path, headers: {}, body });
  expect(large).toMatchObject({ status: 413, body: { detail: expect.any(String) } });
  const guess = { ...signedCall(owner, { at: now() }) };
  guess.headers["X-API-Key"] = "0".repeat(32);
  for (let count = 0; count < 300; count++) expect(await send(guess)).toMatchObject(INVALID_KEY);
  expect(await send(signedCall(owner, { at: now() }))).toMatchObject({
    status: 429,
    body: { detail: "Rate limit exceeded. Please try again later." },
    headers: { "retry-after": expect.stringMatching(/^\d+$/) },
  });
  world.clock.advance(MINUTE);
  const { store } = world.deps;
  const { get } = store;
  store.get = async () => {
    throw new Error(`leaked ${owner.secret}`);
  };
  world.logs.length = 0;
  expect(await send(signedCall(owner, { at: now() }))).toMatchObject({
    status: 500,
    body: { detail: "Internal Server Error" },
  });
  store.get = get;
  await world.settled();
  expect(world.logs.map(({ severity }) => severity)).toEqual(["ERROR", "INFO"]);
  expect(JSON.stringify(world.logs)).not.toContain(owner.secret);
  expect(world.logs.at(-1)).toMatchObject({
    function: "api",
    route: "GET /api/v1/projects/:projectId",
  });
});

test("a signature made with the key's public half is refused", async () => {
  const call = signedCall(owner, { at: now() });
  call.headers["X-Signature"] = hmac(owner.apiKey, "x");
  expect(await send(call)).toMatchObject(INVALID_SIGNATURE);
});
