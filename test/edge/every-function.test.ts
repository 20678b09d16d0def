import { connect } from "node:net";
import * as z from "zod";
import { Problem } from "../../functions/src/http/problem.ts";
import { type Fields, parseFields } from "../../functions/src/http/request.ts";
import { signed } from "../support/signed.ts";
import {
  ADMIN_SECRET,
  type CallOptions,
  endpoints,
  type Json,
  MINUTE,
  machine,
  openWorld,
  type World,
} from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
// So many refused calls from one address would run into the failure limit.
beforeEach(() => world.clock.advance(MINUTE));

const all = [...endpoints].map(([name, spec]) => ({ name, spec }));
const posts = all.filter(({ spec }) => spec.methods.includes("POST") && spec.access !== "webhook");
const open = all.filter(({ spec }) => spec.access === "public");
const guarded = all.filter(({ spec }) => !["public", "webhook"].includes(spec.access));
const webhooks = all.flatMap(({ name, spec }) =>
  spec.access === "webhook" ? [{ name, spec, provider: spec.provider }] : [],
);
const failure = (name: string) => (["verify", "validate"].includes(name) ? "valid" : "success");

test("names are camelCase, distinct when lower-cased, and those of their specs", () => {
  const names = all.map(({ name }) => name);
  expect(names.every((name) => /^[a-z][A-Za-z0-9]*$/.test(name))).toBe(true);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  expect(all.map(({ spec }) => spec.name)).toEqual(names);
});

describe.each(all)("$name", ({ name, spec }) => {
  test("405 names the methods it has", async () => {
    const reply = await world.call(name, undefined, { method: "DELETE" });
    expect(reply).toMatchObject({
      status: 405,
      body: { [failure(name)]: false, code: "METHOD_NOT_ALLOWED" },
    });
    expect(reply.headers.get("allow")).toBe(spec.methods.join(", "));
  });

  test("every answer has a request id, and keeps a caller's", async () => {
    const method = spec.methods[0] ?? "";
    const own = await world.call(name, undefined, { method });
    expect(own.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const headers = { "x-request-id": "caller-42-abc" };
    const given = await world.call(name, undefined, { method, headers });
    expect(given.headers.get("x-request-id")).toBe("caller-42-abc");
    const odd = await world.call(name, undefined, { method, headers: { "x-request-id": "<x>" } });
    expect(odd.headers.get("x-request-id")).not.toBe("<x>");
  });
});

describe.each(posts)("POST $name", ({ name, spec }) => {
  const broken: [string, string | Uint8Array<ArrayBuffer>, number, string][] = [
    ["broken JSON", '{"licenseKey":', 400, "The body is not valid JSON."],
    ["a list", "[]", 400, "The body must be a JSON object."],
    ["a string", '"x"', 400, "The body must be a JSON object."],
    ["null", "null", 400, "The body must be a JSON object."],
    ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 400, "The body is not valid UTF-8."],
    ["__proto__", '{"__proto__":{"a":1}}', 400, "__proto__: is not an allowed field name"],
    ["a deep constructor", '{"a":[{"constructor":1}]}', 400, "constructor: is not an allowed"],
    ["2 MiB", `{"x":"${"x".repeat(2 << 20)}"}`, 413, "The body is larger than 1048576 bytes."],
  ];

  test.each(broken)("%s is refused in its envelope", async (_, raw, status, error) => {
    const headers = { "x-admin-secret": ADMIN_SECRET };
    expect(await world.call(name, undefined, { raw, headers })).toMatchObject({
      status,
      body: { [failure(name)]: false, error: expect.stringContaining(error) },
    });
  });

  test("an empty body is a 400 that names a field, unless nothing is required", async () => {
    const headers = { "x-admin-secret": ADMIN_SECRET };
    if (spec.input.safeParse({}).success) {
      expect((await world.call(name, undefined, { headers })).status).toBe(200);
      return;
    }
    expect(await world.call(name, undefined, { headers })).toMatchObject({
      status: 400,
      body: { code: "INVALID_REQUEST", details: expect.arrayContaining([expect.anything()]) },
    });
  });
});

describe.each(posts)("input of $name", ({ spec }) => {
  const wrong = [null, "", 0, 1.5, true, [], [null], {}, { x: 1 }, "x".repeat(20_000)];
  const problemsOf = (fields: Fields) => {
    try {
      parseFields(spec.input, fields);
      return [];
    } catch (error) {
      if (error instanceof Problem) return error.fields;
      throw error;
    }
  };

  test("what is wrong with a field is said in words of ours, once", () => {
    if (!(spec.input instanceof z.ZodObject)) throw new TypeError("not the fields of an object");
    for (const name of Object.keys(spec.input.shape)) {
      for (const problems of wrong.map((value) => problemsOf({ [name]: value }))) {
        const fields = problems.map(({ field }) => field);
        expect(fields).toEqual([...new Set(fields)]);
        const theirs = /^(Invalid|Too (small|big)|Unrecognized)/;
        expect(problems.filter(({ message }) => theirs.test(message))).toEqual([]);
      }
    }
  });
});

describe.each(open)("public $name", ({ name, spec }) => {
  test("answers browsers' preflights and lets any origin read", async () => {
    const preflight = await world.call(name, undefined, { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toBe(spec.methods.join(", "));
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Content-Type");
    const refused = await world.call(name, undefined, { method: "PUT" });
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe.each(guarded)("guarded $name", ({ name }) => {
  test("401 without a credential, before the input is looked at", async () => {
    expect(await world.call(name, { anything: true })).toMatchObject({
      status: 401,
      body: { success: false, code: "UNAUTHENTICATED" },
    });
  });

  const wrong: [string, Json, object][] = [
    ["admin secret", { adminSecret: "wrong" }, {}],
    ["admin secret header", {}, { headers: { "x-admin-secret": "wrong" } }],
    ["empty admin secret", { adminSecret: "" }, {}],
    ["admin secret of another type", { adminSecret: [ADMIN_SECRET] }, {}],
    ["API key", { apiKey: "cgls_wrong" }, {}],
    ["API key in the query", {}, { query: { apiKey: "cgls_wrong" } }],
    ["API key header", {}, { headers: { "x-api-key": "cgls_wrong" } }],
    ["API key of another type", { apiKey: { a: 1 } }, {}],
    ["good key beside a wrong secret", { adminSecret: "wrong", apiKey: "GOOD" }, {}],
  ];
  test.each(wrong)("401 a wrong %s", async (_, body, options) => {
    const made = await world.admin("createApiKey", { name: "k" });
    const credentials = body["apiKey"] === "GOOD" ? { ...body, apiKey: made["apiKey"] } : body;
    expect(await world.call(name, credentials, options)).toMatchObject({
      status: 401,
      body: { success: false, code: "UNAUTHENTICATED" },
    });
  });

  test("browsers of other origins get no leave to read", async () => {
    const reply = await world.call(name, {}, { headers: { origin: "https://evil.example" } });
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
    expect((await world.call(name, undefined, { method: "OPTIONS" })).status).toBe(405);
  });
});

describe.each(webhooks)("webhook $name", ({ name, provider }) => {
  const prove = (raw: string, secret?: string) =>
    signed(provider, raw, { at: world.clock.now(), ...(secret === undefined ? {} : { secret }) });
  const events = async () => (await world.admin("listInboundEvents", {}))["events"] as Json[];
  const sale = JSON.stringify({ type: "purchase.completed", id: name });
  const unauthenticated = { status: 401, body: { success: false, code: "UNAUTHENTICATED" } };

  test("401 without proof of origin, or with a wrong one, and nothing is stored", async () => {
    const before = await events();
    const wrong: CallOptions[] = [
      {},
      prove(sale, "wrong"),
      prove(sale, ""),
      { headers: { "x-admin-secret": ADMIN_SECRET } },
      ...(provider === "gumroad" ? [] : [{ query: { secret: `test-${provider}-secret` } }]),
    ];
    for (const options of wrong) {
      const reply = await world.call(name, undefined, { raw: sale, ...options });
      expect(reply).toMatchObject(unauthenticated);
      expect(world.touched()).toEqual({ reads: 0, writes: 0, aggregates: 0 });
    }
    expect(await events()).toEqual(before);
  });

  test("413 a body that is too large for an event, although its proof is good", async () => {
    for (const bytes of [400 << 10, 2 << 20]) {
      const raw = JSON.stringify({ id: name, filler: "x".repeat(bytes) });
      const reply = await world.call(name, undefined, { raw, ...prove(raw) });
      expect(reply).toMatchObject({
        status: 413,
        body: { success: false, code: "PAYLOAD_TOO_LARGE" },
      });
    }
  });

  const broken: [string, string][] = [
    ["broken JSON", `{"id": "${name}`],
    // Stripe's own package takes nothing for unsigned.
    ...(provider === "stripe" ? [] : [["an empty body", ""] satisfies [string, string]]),
    ["null", "null"],
    ["a list", `["${name}"]`],
    ["a number", "1"],
    ["no fields", "{}"],
    [
      "fields of another kind",
      `{"id": {}, "type": [], "data": 7, "meta": "${name}", "sale_id": {}}`,
    ],
    ["__proto__", `{"__proto__": {"id": "x", "polluted": "${name}"}, "constructor": 1}`],
  ];
  test.each(broken)("200 %s with a good proof is kept as failed", async (_, raw) => {
    const reply = await world.call(name, undefined, { raw, ...prove(raw) });
    expect(reply).toMatchObject({
      status: 200,
      body: { success: false, status: "failed", error: expect.any(String) },
    });
    const listed = await events();
    expect(listed.find(({ eventId }) => eventId === reply.body["eventId"])).toMatchObject({
      provider,
      status: "failed",
      reason: reply.body["error"],
    });
    expect(({} as Json)["polluted"]).toBeUndefined();
  });

  test("the query's secret proves a ping alone, and of two copies the first counts", async () => {
    const secret = `test-${provider}-secret`;
    const raw = "{}";
    const post = (query: string) =>
      fetch(`${world.url}/${name}?${query}`, { method: "POST", body: raw });
    const status = provider === "gumroad" ? 200 : 401;
    expect((await post(`secret=${secret}&secret=wrong`)).status).toBe(status);
    expect((await post(`secret=wrong&secret=${secret}`)).status).toBe(401);
    expect((await post(`secret=${secret}&__proto__=1`)).status).toBe(400);
  });
});

test.each(["stripe", "lemonSqueezy", "paddle", "polar"] as const)(
  "401 a signature of %s over other bytes",
  async (provider) => {
    const options = signed(provider, "{}", { at: world.clock.now() });
    expect(
      await world.call(`${provider}Webhook`, undefined, { raw: "{} ", ...options }),
    ).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
  },
);

test("413 reaches the sender of a body that never seems to end", async () => {
  const raw = new Uint8Array(20 << 20);
  expect(await world.call("verify", undefined, { raw })).toMatchObject({
    status: 413,
    body: { valid: false, code: "PAYLOAD_TOO_LARGE" },
  });
});

test("415 a compressed body is refused, not misread", async () => {
  const headers = { "content-encoding": "gzip" };
  expect(await world.call("verify", undefined, { raw: "x", headers })).toMatchObject({
    status: 415,
    body: { valid: false, code: "UNSUPPORTED_ENCODING" },
  });
});

test("429 an address that keeps failing waits, and only that", async () => {
  const guessing = await openWorld();
  const ask = { licenseKey: "nope", productId: "p" };
  for (let guess = 1; guess <= 300; guess++) {
    expect((await guessing.call("verify", ask)).status).toBe(404);
  }
  const blocked = await guessing.call("verify", ask);
  expect(blocked).toMatchObject({ status: 429, body: { valid: false, code: "TOO_MANY_FAILURES" } });
  expect(blocked.body["retryAfterSeconds"]).toBe(Number(blocked.headers.get("retry-after")));
  guessing.clock.advance(Number(blocked.headers.get("retry-after")) * 1000);
  expect((await guessing.call("verify", ask)).status).toBe(404);
  await guessing.close();
});

test("500 a bug is logged once with the request id, and tells the caller nothing", async () => {
  const broken = await openWorld();
  const key = await broken.license();
  const { store } = broken.deps;
  const secret = new Error(`leaked ${key}`);
  store.get = async () => {
    throw secret;
  };
  broken.logs.length = 0;
  const reply = await broken.call("verify", { licenseKey: key, productId: "p" });
  expect(reply.status).toBe(500);
  expect(reply.body).toEqual({
    valid: false,
    error: "Something went wrong on our side.",
    code: "INTERNAL",
    requestId: reply.headers.get("x-request-id"),
  });
  const faults = broken.logs.filter(({ severity }) => severity === "ERROR");
  expect(faults).toEqual([expect.objectContaining({ requestId: reply.body["requestId"] })]);
  expect(JSON.stringify(broken.logs)).not.toContain(key);
  await broken.close();
});

test("no key, token, secret or fingerprint is logged", async () => {
  const quiet = await openWorld();
  const key = await quiet.license();
  const made = await quiet.admin("createApiKey", { name: "k" });
  const { body } = await quiet.call("activate", machine(key, "secret"));
  const ask = { licenseKey: key, machineFingerprint: "fp-secret", token: body["token"] };
  await quiet.call("validate", ask);
  await quiet.call(
    "getLicense",
    { licenseKey: key },
    { query: { apiKey: String(made["apiKey"]) } },
  );
  const logged = JSON.stringify(quiet.logs);
  for (const secret of [key, made["apiKey"], body["token"], ADMIN_SECRET, "fp-secret"]) {
    expect(logged).not.toContain(secret);
  }
  await quiet.close();
});

test("a sender that goes away in the middle of its body is not an error of ours", async () => {
  const quiet = await openWorld();
  const { port } = new URL(quiet.url);
  await new Promise<void>((gone) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.write("POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", () => {
        socket.destroy();
      });
    });
    socket.on("close", () => gone());
  });
  await quiet.call("verify", {});
  expect(quiet.logs.filter(({ severity }) => severity !== "INFO")).toEqual([]);
  await quiet.close();
});
