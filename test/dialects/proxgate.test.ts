import fc from "fast-check";
import type { License } from "../../functions/src/core/records.ts";
import { outbox } from "../../functions/src/store/collections.ts";
import { auditOf, changeLicense, countedOf } from "../support/change-license.ts";
import { useEngines } from "../support/engines.ts";
import { ask, proxgateKey } from "../support/proxgate.ts";
import {
  type CallOptions,
  DAY,
  type Json,
  MINUTE,
  machine,
  openWorld,
  type Reply,
  send,
  type World,
} from "../support/world.ts";

let world: World;
let key: string;
let licenseKey: string;
beforeEach(async () => {
  world = await openWorld();
  key = await proxgateKey(world);
  licenseKey = await world.license({ maxMachines: 3, productId: "prod_plugin" });
});
afterEach(() => world.close());

type Path = "activate" | "validate" | "deactivate";
const PATHS: readonly Path[] = ["activate", "validate", "deactivate"];
const call = (path: Path, body: Json = {}, options: CallOptions & { as?: string } = {}) =>
  ask(world, options.as ?? key, `licenses/${path}`, { license_key: licenseKey, ...body }, options);
const device = (name: string) => ({ device_fingerprint: `hw-${name}` });
const iso = (ms = 0) => new Date(world.clock.now() + ms).toISOString();
const ID = expect.any(String);

const license = (used: number, more: Json = {}) => ({
  id: ID,
  license_key: licenseKey,
  status: "ACTIVE",
  product: { id: "prod_plugin", name: "prod_plugin" },
  max_activations: 3,
  activations_count: used,
  activations_remaining: 3 - used,
  expires_at: null,
  created_at: iso(),
  ...more,
});
const activation = (more: Json = {}) => ({
  id: ID,
  device_fingerprint: null,
  device_name: null,
  domain: null,
  ip_address: expect.any(String),
  activated_at: iso(),
  last_seen_at: iso(),
  ...more,
});
const failure = (status: number, code: string, more: Json = {}) => ({
  status,
  body: expect.objectContaining({ success: false, code, error: ID, message: ID, ...more }),
});

test("200 the three published bodies, in the reference's shapes and nothing besides", async () => {
  const named = {
    domain: "example.com",
    ip_address: "1.2.3.4",
    device_fingerprint: "hw-abc123",
    device_name: "Production Server",
  };
  const activated = await call("activate", named);
  expect(activated).toMatchObject({ status: 200 });
  expect(activated.body).toEqual({
    success: true,
    message: "License activated",
    already_active: false,
    license: license(1),
    activation: activation(named),
  });
  const { body: valid } = await call("validate", {
    domain: "example.com",
    device_fingerprint: "hw-abc123",
  });
  expect(valid).toEqual({
    success: true,
    valid: true,
    activated: true,
    status: "ACTIVE",
    code: "VALID",
    message: "License is valid",
    license: license(1),
    activation: activation(named),
  });
  expect((await call("deactivate", { device_fingerprint: "hw-abc123" })).body).toEqual({
    success: true,
    message: "License deactivated",
    deactivated_count: 1,
    license: license(0),
  });
});

describe("the key", () => {
  test.each<[string, (good: string) => Record<string, string>, number]>([
    ["a bearer token", (good) => ({ authorization: `Bearer ${good}` }), 200],
    ["a bearer token in another case", (good) => ({ Authorization: `bEARER  ${good}` }), 200],
    ["X-Api-Key", (good) => ({ "X-Api-Key": good }), 200],
    ["both alike", (good) => ({ authorization: `Bearer ${good}`, "x-api-key": good }), 200],
    ["X-Api-Key beside Basic", (good) => ({ authorization: "Basic eDp5", "x-api-key": good }), 200],
    ["none", () => ({}), 401],
    ["an empty one", () => ({ authorization: "Bearer ", "x-api-key": "" }), 401],
    ["both that differ", (good) => ({ authorization: `Bearer ${good}`, "x-api-key": "x" }), 401],
    ["a wrong one beside", (good) => ({ authorization: "Bearer x", "x-api-key": good }), 401],
    ["a wrong one", (good) => ({ "x-api-key": `${good}0` }), 401],
    ["a very long one", (good) => ({ "x-api-key": good.repeat(100) }), 401],
    ["Basic", (good) => ({ authorization: `Basic ${good}` }), 401],
  ])("%s", async (_, headers, status) => {
    for (const path of PATHS) {
      const sent = { license_key: licenseKey, ...(path === "activate" ? device("a") : {}) };
      const options = { headers: headers(key) };
      const reply = await send(world.url, `api/v1/licenses/${path}`, sent, options);
      expect([path, reply.status]).toEqual([path, status]);
      if (status === 401) {
        const more = path === "validate" ? { valid: false } : {};
        expect(reply).toMatchObject(failure(401, "UNAUTHORIZED", more));
        expect(reply.headers.has("x-ratelimit-limit")).toBe(false);
      }
    }
  });

  test("is pk_live_ and 48 digits, pk_test_ on request; rotation keeps which; both reach the same", async () => {
    const made = await world.admin("createApiKey", { name: "t", kind: "proxgate", test: true });
    expect(key).toMatch(/^pk_live_[0-9a-f]{48}$/);
    expect(made["apiKey"]).toMatch(/^pk_test_[0-9a-f]{48}$/);
    expect((await call("validate", {}, { as: String(made["apiKey"]) })).body).toMatchObject({
      valid: true,
    });
    const keys = (await world.admin("listApiKeys", {}))["keys"] as Json[];
    expect(keys.map(({ kind, prefix }) => [kind, prefix])).toEqual(
      expect.arrayContaining([
        ["proxgate", String(made["apiKey"]).slice(0, 12)],
        ["proxgate", key.slice(0, 12)],
      ]),
    );
    for (const { keyId } of keys) {
      const former = keyId === made["keyId"] ? String(made["apiKey"]) : key;
      const { apiKey } = await world.admin("rotateApiKey", { keyId });
      expect(String(apiKey).slice(0, 8)).toBe(former.slice(0, 8));
      expect((await call("validate", {}, { as: former })).status).toBe(401);
      expect((await call("validate", {}, { as: String(apiKey) })).status).toBe(200);
    }
  });

  test("401 once revoked or expired, and no native key; native functions take none of these", async () => {
    const expiresAt = iso(MINUTE);
    const short = await world.admin("createApiKey", { name: "s", kind: "proxgate", expiresAt });
    const gone = await world.admin("createApiKey", { name: "g", kind: "proxgate" });
    const native = await world.admin("createApiKey", { name: "n" });
    await world.admin("revokeApiKey", { keyId: gone["keyId"] });
    world.clock.advance(MINUTE);
    for (const { apiKey } of [short, gone, native]) {
      const reply = await call("validate", {}, { as: String(apiKey) });
      expect(reply).toMatchObject(failure(401, "UNAUTHORIZED"));
    }
    const asNative = await world.call("getLicense", { licenseKey, apiKey: key });
    expect(asNative).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
  });

  test.each(PATHS)("403 without the scope of %s, 200 with it alone", async (path) => {
    const of = (scopes: string[]) => proxgateKey(world, { scopes });
    const others = [...PATHS.filter((other) => other !== path).map((one) => `licenses:${one}`)];
    const lacking = await call(path, {}, { as: await of([...others, "wordpress:write"]) });
    expect(lacking).toMatchObject(failure(403, "INSUFFICIENT_SCOPE"));
    const alone = await call(path, { domain: "a.example" }, { as: await of([`licenses:${path}`]) });
    expect(alone.status).toBe(path === "deactivate" ? 404 : 200);
  });

  test("400 createApiKey: scopes of another kind, products", async () => {
    for (const [body, field] of [
      [{ kind: "proxgate", scopes: ["licenses:read"] }, "scopes.0"],
      [{ kind: "native", scopes: ["licenses:read", "licenses:activate"] }, "scopes.1"],
      [{ kind: "proxgate", productIds: ["prod_plugin"] }, "productIds"],
      [{ kind: "proxgate", productId: "prod_plugin" }, "productId"],
      [{ kind: "native", test: true }, "test"],
    ] as const) {
      const sent = { name: "k", adminSecret: "test-admin-secret", ...body };
      const reply = await world.call("createApiKey", sent);
      expect(reply).toMatchObject({ status: 400, body: { details: [{ field }] } });
    }
  });

  test("404 what is another account's, as what is nowhere", async () => {
    const foreign = await proxgateKey(world, { creatorId: "other" });
    await call("activate", device("a"));
    for (const path of PATHS) {
      const theirs = await call(path, device("a"), { as: foreign });
      const nowhere = await call(path, { ...device("a"), license_key: "X" }, { as: foreign });
      expect(theirs).toMatchObject(failure(404, "LICENSE_NOT_FOUND"));
      expect([theirs.status, theirs.body]).toEqual([nowhere.status, nowhere.body]);
      expect("valid" in theirs.body).toBe(path === "validate");
    }
    expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 1, activations: 1 });
  });
});

test("the checks come in the reference's order", async () => {
  const scopeless = await proxgateKey(world, { scopes: ["wordpress:write"] });
  const status = async (as: string, options: CallOptions, body: Json = {}) =>
    (await call("activate", body, { ...options, as })).status;
  expect(await status("wrong", { raw: "{" })).toBe(400);
  expect(await status("wrong", { raw: "[]" })).toBe(400);
  expect(await status("wrong", {}, { license_key: 7 })).toBe(401);
  expect(await status(scopeless, {}, { license_key: 7 })).toBe(403);
  expect(await status(key, {}, { license_key: "nowhere" })).toBe(400);
  expect(await status(key, {}, { license_key: "nowhere", ...device("a") })).toBe(404);
});

test.each<[Path, Json, string]>([
  ["activate", { license_key: undefined, device_fingerprint: "a" }, "license_key"],
  ["activate", { license_key: null, device_fingerprint: "a" }, "license_key"],
  ["activate", { license_key: "", device_fingerprint: "a" }, "license_key"],
  ["activate", { license_key: " ", device_fingerprint: "a" }, "license_key"],
  ["activate", { license_key: 7, device_fingerprint: "a" }, "license_key"],
  ["activate", {}, "body"],
  ["activate", { domain: "", device_fingerprint: null }, "body"],
  ["activate", { domain: "a b" }, "domain"],
  ["activate", { domain: "https://" }, "domain"],
  ["activate", { domain: `${"a".repeat(254)}` }, "domain"],
  ["activate", { domain: ["a.example"] }, "domain"],
  ["activate", { device_fingerprint: "a".repeat(256) }, "device_fingerprint"],
  ["activate", { device_fingerprint: "a", device_name: "n".repeat(256) }, "device_name"],
  ["activate", { device_fingerprint: "a", ip_address: "1.2.3" }, "ip_address"],
  ["validate", { license_key: "" }, "license_key"],
  ["validate", { device_fingerprint: 7 }, "device_fingerprint"],
  ["validate", { domain: "/" }, "domain"],
  ["deactivate", { license_key: "" }, "license_key"],
  ["deactivate", { device_fingerprint: "" }, "device_fingerprint"],
])("400 %s %j names %s", async (path, body, field) => {
  const details = [{ field, message: ID }];
  const more = path === "validate" ? { details, valid: false } : { details };
  expect(await call(path, body)).toMatchObject(failure(400, "INVALID_REQUEST", more));
});

describe("activate", () => {
  test("what is null, empty or unknown counts for nothing", async () => {
    const ask = { ...device("a"), domain: "", ip_address: null, device_name: "", extra: { a: 1 } };
    expect(await call("activate", ask)).toMatchObject({
      status: 200,
      body: { activation: activation({ device_fingerprint: "hw-a" }) },
    });
  });

  test("one device has one place, and what it says of itself is kept up to date", async () => {
    await call("activate", { ...device("a"), device_name: "old", domain: "a.example" });
    const first = iso();
    world.clock.advance(DAY);
    const again = await call("activate", { ...device("a"), device_name: "new" });
    expect(again.body).toMatchObject({
      already_active: true,
      license: { activations_count: 1 },
      activation: {
        device_name: "new",
        domain: "a.example",
        activated_at: first,
        last_seen_at: iso(),
      },
    });
    expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 1, activations: 1 });
  });

  test("a domain in any spelling is one activation", async () => {
    const spellings = [
      "Example.COM",
      "https://example.com/shop?a=b",
      "example.com:8443",
      " example.com. ",
    ];
    for (const domain of spellings) {
      const { body } = await call("activate", { domain });
      expect(body["activation"]).toMatchObject({ domain: "example.com", device_fingerprint: null });
    }
    expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 1, activations: 1 });
  });

  test("403 the fourth device of three, and room for it once one is gone", async () => {
    for (const name of ["a", "b", "c"]) await call("activate", device(name));
    const full = failure(403, "ACTIVATION_LIMIT_REACHED");
    expect(await call("activate", device("d"))).toMatchObject(full);
    expect((await call("activate", device("c"))).status).toBe(200);
    await call("deactivate", device("a"));
    expect((await call("activate", device("d"))).status).toBe(200);
  });

  test("is not held to the attempts an hour that native clients have", async () => {
    for (let attempt = 0; attempt < 40; attempt++) {
      expect((await call("activate", device("a"))).status).toBe(200);
    }
  });

  test("a license without limit says null; a floating one counts seats", async () => {
    licenseKey = await world.license({ licenseType: "site" });
    expect((await call("activate", device("a"))).body["license"]).toMatchObject({
      max_activations: null,
      activations_count: 1,
      activations_remaining: null,
    });
    licenseKey = await world.license({ licenseType: "floating", maxConcurrent: 1 });
    expect((await call("activate", device("a"))).body["license"]).toMatchObject({
      max_activations: 1,
      activations_count: 1,
      activations_remaining: 0,
    });
    const full = failure(403, "ACTIVATION_LIMIT_REACHED");
    expect(await call("activate", device("b"))).toMatchObject(full);
  });
});

describe("licenses that are blocked", () => {
  test.each<[string, () => Partial<License>]>([
    ["EXPIRED", () => ({ expiresAt: world.clock.now() })],
    ["SUSPENDED", () => ({ status: "suspended" })],
    ["REVOKED", () => ({ status: "revoked" })],
  ])("%s: 403 to activate, an answer to validate, deactivated as ever", async (status, state) => {
    await call("activate", device("a"));
    await changeLicense(world, licenseKey, state());
    const code = `LICENSE_${status}`;
    for (const name of ["a", "b"]) {
      expect(await call("activate", device(name))).toMatchObject(failure(403, code));
    }
    world.clock.advance(MINUTE);
    const told = { success: true, valid: false, status, code };
    const seen = { activated: true, activation: { last_seen_at: iso() } };
    expect((await call("validate", device("a"))).body).toMatchObject({ ...told, ...seen });
    const unknown = { activated: false, activation: null };
    expect((await call("validate", device("b"))).body).toMatchObject({ ...told, ...unknown });
    const alone = { activated: null, activation: null, license: { status } };
    expect((await call("validate")).body).toMatchObject({ ...told, ...alone });
    const gone = { deactivated_count: 1, license: { status, activations_count: 0 } };
    expect((await call("deactivate", device("a"))).body).toMatchObject(gone);
  });

  test("in its grace a license is active", async () => {
    await changeLicense(world, licenseKey, { expiresAt: world.clock.now(), graceMs: DAY });
    expect((await call("activate", device("a"))).status).toBe(200);
    expect((await call("validate")).body).toMatchObject({
      valid: true,
      status: "ACTIVE",
      license: { expires_at: iso() },
    });
    world.clock.advance(DAY);
    expect((await call("validate")).body).toMatchObject({ valid: false, code: "LICENSE_EXPIRED" });
  });
});

describe("validate", () => {
  test("makes no activation", async () => {
    const missing = { valid: false, activated: false, code: "NOT_ACTIVATED", activation: null };
    for (const ask of [
      device("a"),
      { domain: "a.example" },
      { ...device("a"), domain: "b.example" },
    ]) {
      expect((await call("validate", ask)).body).toMatchObject({ ...missing, status: "ACTIVE" });
    }
    expect((await call("validate")).body).toMatchObject({ valid: true, activated: null });
    expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 0, activations: 0 });
  });

  test("compares the domain with the one on file, where there is one", async () => {
    await call("activate", { ...device("a"), domain: "a.example" });
    await call("activate", device("b"));
    world.clock.advance(MINUTE);
    const mismatch = { valid: false, activated: false, code: "DOMAIN_MISMATCH", activation: null };
    const elsewhere = { ...device("a"), domain: "b.example" };
    expect((await call("validate", elsewhere)).body).toMatchObject(mismatch);
    for (const ask of [
      { ...device("a"), domain: "A.example/" },
      { ...device("b"), domain: "x.y" },
    ]) {
      expect((await call("validate", ask)).body).toMatchObject({
        valid: true,
        activation: { last_seen_at: iso() },
      });
    }
  });

  test("renews a floating seat, takes a lapsed one back, and has none when all are taken", async () => {
    licenseKey = await world.license({ licenseType: "floating", maxConcurrent: 1 });
    await call("activate", device("a"));
    for (let beat = 0; beat < 3; beat++) {
      world.clock.advance(10 * MINUTE);
      expect((await call("validate", device("a"))).body).toMatchObject({ valid: true });
    }
    world.clock.advance(16 * MINUTE);
    expect((await call("activate", device("b"))).status).toBe(200);
    const lost = { valid: false, activated: false, code: "NOT_ACTIVATED", activation: null };
    expect((await call("validate", device("a"))).body).toMatchObject(lost);
    await call("deactivate", device("b"));
    expect((await call("validate", device("a"))).body).toMatchObject({ valid: true });
    expect(await countedOf(world, licenseKey)).toMatchObject({ seatsUsed: 1 });
    await changeLicense(world, licenseKey, { status: "suspended" });
    world.clock.advance(16 * MINUTE);
    await call("validate", device("a"));
    expect(await countedOf(world, licenseKey)).toMatchObject({ seats: 1 });
    await changeLicense(world, licenseKey, { status: "active" });
    expect((await call("activate", device("b"))).status).toBe(200);
  });

  test("tells those who asked for it, whatever came out; without them it writes no event", async () => {
    const told = async () =>
      (await world.store.query(outbox, "oldest", { limit: 500 })).items
        .filter(({ type }) => type === "license.validated")
        .map(({ data }) => data["outcome"]);
    await call("validate");
    expect(await told()).toEqual([]);
    const url = "https://a.example.com/hook";
    await world.admin("createWebhookEndpoint", { url, events: ["license.validated"] });
    world.clock.advance(2 * MINUTE);
    await call("activate", { ...device("a"), domain: "a.example" });
    const asks: Json[] = [{}, device("a"), device("b"), { ...device("a"), domain: "b.example" }];
    for (const one of asks) {
      world.clock.advance(1);
      await call("validate", one);
    }
    await changeLicense(world, licenseKey, { status: "revoked" });
    world.clock.advance(1);
    await call("validate", device("a"));
    world.clock.advance(1);
    await call("validate", { license_key: "nowhere" });
    expect(await told()).toEqual([
      "VALID",
      "VALID",
      "NOT_ACTIVATED",
      "DOMAIN_MISMATCH",
      "LICENSE_REVOKED",
    ]);
  });
});

describe("deactivate", () => {
  test("one device, one domain, or all of them; 404 what is not activated", async () => {
    await call("activate", device("a"));
    await call("activate", { domain: "a.example" });
    await call("activate", { ...device("b"), domain: "b.example" });
    const missing = failure(404, "ACTIVATION_NOT_FOUND");
    expect(await call("deactivate", device("x"))).toMatchObject(missing);
    expect(await call("deactivate", { domain: "b.example" })).toMatchObject(missing);
    const left = (deactivated_count: number, activations_count: number) => ({
      status: 200,
      body: { deactivated_count, license: { activations_count } },
    });
    expect(await call("deactivate", { domain: "A.example" })).toMatchObject(left(1, 2));
    expect(await call("deactivate", { device_fingerprint: null })).toMatchObject(left(2, 0));
    expect(await call("deactivate")).toMatchObject(left(0, 0));
    expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 0, activations: 0 });
  });

  test("says in the audit log whose key it was", async () => {
    await call("activate", device("a"));
    await call("deactivate", device("a"));
    expect(await auditOf(world)).toContainEqual(
      expect.objectContaining({
        action: "license.deactivateMachine",
        actor: { kind: "api-key", keyId: ID },
        before: { machine: "hw-a", hostname: "" },
      }),
    );
  });
});

test("a key that was imported in capitals is found however it is typed, one in small letters as it is", async () => {
  const row = { productId: "prod_plugin", email: "a@example.com" };
  const keys = ["ABCD-EFGH-JKLM-NPQR", "wxyz-wxyz-wxyz-wxyz"] as const;
  const licenses = keys.map((licenseKey) => ({ ...row, licenseKey }));
  await world.admin("importLicenses", { licenses });
  const [capitals, small] = keys;
  const typed = { license_key: ` ${capitals.toLowerCase()} ` };
  const found = { status: 200, body: { license: { license_key: capitals } } };
  for (const path of PATHS) {
    expect(await call(path, { ...typed, domain: "a.example" })).toMatchObject(found);
  }
  const site = { site_url: "https://a.example", license_key: "Abcd-Efgh-Jklm-Npqr" };
  expect(await ask(world, key, "wordpress/register", site)).toMatchObject(found);
  for (const [license_key, status] of [
    [small, 200],
    [small.toUpperCase(), 404],
    ["ß".repeat(100), 404],
    [licenseKey.toLowerCase(), 200],
  ] as const) {
    expect((await call("validate", { license_key })).status).toBe(status);
  }
});

test("neither logs nor audit entries nor events hold the key or the license's", async () => {
  for (const path of PATHS) {
    await call(path, device("a"));
    await call(path, { ...device("a"), domain: "//" });
  }
  const events = (await world.store.query(outbox, "oldest", { limit: 500 })).items;
  const kept = JSON.stringify([world.logs, await auditOf(world), events]);
  expect(kept).toContain("licenses/validate");
  expect(kept.includes(key) || kept.includes(licenseKey)).toBe(false);
});

test("a license is one, whichever API activates it", async () => {
  await call("activate", { ...device("a"), device_name: "Server", domain: "a.example" });
  await call("activate", { domain: "b.example" });
  const native = await world.call("activate", machine(licenseKey, "n", "prod_plugin"));
  expect(native.status).toBe(200);
  const seen = (await world.admin("getLicense", { licenseKey })) as Record<string, Json>;
  expect(seen["activations"]).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ fingerprint: "hw-a", hostname: "Server" }),
      expect.objectContaining({ fingerprint: "domain:b.example" }),
      expect.objectContaining({ fingerprint: "fp-n" }),
    ]),
  );
  expect((await call("validate", { device_fingerprint: "fp-n" })).body).toMatchObject({
    valid: true,
    license: { activations_count: 3 },
    activation: { device_name: "host-n", domain: null, ip_address: null },
  });
  const full = failure(403, "ACTIVATION_LIMIT_REACHED");
  expect(await call("activate", device("x"))).toMatchObject(full);
  const machineFingerprint = "domain:b.example";
  await world.admin("deactivateMachine", { licenseKey, machineFingerprint });
  expect((await call("validate", { domain: "b.example" })).body["code"]).toBe("NOT_ACTIVATED");
  expect((await call("deactivate", { device_fingerprint: "fp-n" })).status).toBe(200);
  const { token } = native.body;
  const session = { licenseKey, machineFingerprint: "fp-n", token };
  expect((await world.call("validate", session)).status).toBe(403);
});

test("paths, methods and bodies that are none answer in the same form", async () => {
  for (const path of ["licenses/nothing", "wordpress/nothing", "licenses/activate/"]) {
    const reply = await ask(world, key, path, {});
    expect(reply).toMatchObject(failure(404, "NOT_FOUND"));
  }
  const get = await send(world.url, "api/v1/licenses/activate", undefined, { method: "GET" });
  expect(get).toMatchObject(failure(405, "METHOD_NOT_ALLOWED"));
  const asked = await send(world.url, "api/v1/licenses/validate", undefined, { method: "GET" });
  expect(asked).toMatchObject(failure(405, "METHOD_NOT_ALLOWED", { valid: false }));
  const large = await call("validate", {}, { raw: `{"a":"${"x".repeat(1_100_000)}"}` });
  expect(large).toMatchObject(failure(400, "INVALID_REQUEST", { valid: false }));
});

test("what a call costs does not depend on the license's size", async () => {
  // The first request of the minute is let through; the second leases ten.
  for (const name of ["warm", "warmer"]) await call("activate", device(name));
  const cost = async (path: Path, body: Json) => {
    expect((await call(path, body)).status).toBe(200);
    return world.touched();
  };
  // The key, the license and its activation; the plan and the product's name are remembered.
  expect(await cost("activate", device("a"))).toEqual({ reads: 3, writes: 3, aggregates: 0 });
  expect(await cost("activate", device("a"))).toEqual({ reads: 3, writes: 1, aggregates: 0 });
  expect(await cost("validate", {})).toEqual({ reads: 2, writes: 0, aggregates: 0 });
  expect(await cost("validate", device("a"))).toEqual({ reads: 3, writes: 1, aggregates: 0 });
  expect(await cost("validate", device("b"))).toEqual({ reads: 3, writes: 0, aggregates: 0 });
  // With its event and its audit entry.
  expect(await cost("deactivate", device("a"))).toEqual({ reads: 3, writes: 4, aggregates: 0 });
});

test("whatever is sent is answered in the dialect's form, and never with 500", async () => {
  await world.admin("updateAccount", { creatorId: "default", plan: "enterprise" });
  world.clock.advance(2 * MINUTE);
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "hw-a",
      "a.example",
      "HTTPS://A.example./x",
      "\ud800",
      "\0",
      " ",
      "domain:a.example",
    ),
    fc.jsonValue(),
  );
  const body = fc.record(
    {
      license_key: fc.oneof(fc.constant(licenseKey), value),
      domain: value,
      ip_address: value,
      device_fingerprint: value,
      device_name: value,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), body, async (path, sent) => {
      const reply = await ask(world, key, `licenses/${path}`, sent as Json);
      expect([200, 400, 403, 404]).toContain(reply.status);
      expect(reply.body["success"]).toBe(reply.status === 200);
      // A body that nobody should read is refused before its sender is known.
      const unread = String(reply.body["error"]).includes("not an allowed field name");
      expect(reply.headers.get("x-ratelimit-limit")).toBe(unread ? null : "10000");
    }),
    { numRuns: 300 },
  );
});

describe.each(useEngines())("on $name", ({ open, retries }) => {
  test("40 callers for 12 devices and domains never exceed 5 places", async () => {
    const one = await openWorld({ store: open() });
    const apiKey = await proxgateKey(one);
    const license_key = await one.license({ maxMachines: 5 });
    const patiently = async (body: Json): Promise<Reply> => {
      for (let tried = 0; ; tried++) {
        const reply = await ask(one, apiKey, "licenses/activate", { license_key, ...body });
        if (reply.status !== 500 || tried === retries) return reply;
      }
    };
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        patiently(n % 2 === 0 ? device(String(n % 12)) : { domain: `d${n % 12}.example` }),
      ),
    );
    const fresh = replies.filter(({ body }) => body["already_active"] === false);
    expect(fresh).toHaveLength(5);
    const refused = replies.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body["code"]))).toEqual(
      new Set(["ACTIVATION_LIMIT_REACHED"]),
    );
    expect(await countedOf(one, license_key)).toMatchObject({ machinesUsed: 5, activations: 5 });
    const gone = await ask(one, apiKey, "licenses/deactivate", { license_key });
    expect(gone.body).toMatchObject({ deactivated_count: 5, license: { activations_count: 0 } });
    await one.close();
  }, 60_000);
});
