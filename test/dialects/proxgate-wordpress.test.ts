import fc from "fast-check";
import { suspendDue } from "../../functions/src/operations/licenses/suspend-due.ts";
import { auditEntries, outbox, sites } from "../../functions/src/store/collections.ts";
import { changeLicense, countedOf, licenseOf } from "../support/change-license.ts";
import { registeredToken, type WordPress, wordpress, wordpressKey } from "../support/sites.ts";
import {
  ADMIN_SECRET,
  DAY,
  HOUR,
  type Json,
  NOW,
  openWorld,
  type World,
} from "../support/world.ts";

let world: World;
let apiKey: string;
let ask: WordPress;
beforeEach(async () => {
  world = await openWorld();
  apiKey = await wordpressKey(world);
  ask = wordpress(world, apiKey);
});
afterEach(() => world.close());

const PATHS = ["register", "heartbeat", "pending-actions"];
const now = () => new Date(world.clock.now()).toISOString();
const token = (more: Json = {}) => registeredToken(ask, more);
const take = async (site_token: string, more: Json = {}) =>
  (await ask("pending-actions", { site_token, ...more })).body["actions"] as Json[];
const types = async (site_token: string, more: Json = {}) =>
  (await take(site_token, more)).map(({ type }) => type);
const waiting = async (site_token: string) =>
  (await ask("heartbeat", { site_token })).body["pending_actions_count"];
const queue = (type: string, payload: Json = {}) =>
  world.admin("createPendingAction", { productId: "prod_tools", type, payload });
const failure = (code: string) => ({
  success: false,
  error: expect.any(String),
  message: expect.any(String),
  code,
});
const siteId = async () => {
  const { sites: listed } = await world.admin("listSites", {});
  return String((listed as Json[])[0]?.["id"]);
};

test("200 the published bodies on all three paths, in the reference's shapes and nothing besides", async () => {
  const licenseKey = await world.license({ maxMachines: 3 });
  const registered = await ask("register", {
    site_url: "https://example.com",
    site_name: "My WordPress Site",
    admin_email: "admin@example.com",
    wp_version: "6.4",
    php_version: "8.2",
    plugin_version: "1.0.0",
    license_key: licenseKey,
  });
  const id = await siteId();
  expect([registered.status, registered.body]).toEqual([
    200,
    {
      success: true,
      message: "Site registered",
      site_token: expect.stringMatching(/^[\w-]{64}$/),
      site: {
        id,
        site_url: "https://example.com",
        site_name: "My WordPress Site",
        status: "ACTIVE",
        registered_at: now(),
        last_heartbeat_at: null,
      },
      license: {
        id: (await licenseOf(world, licenseKey)).id,
        license_key: expect.any(String),
        status: "ACTIVE",
        product: { id: "prod_tools", name: "prod_tools" },
        max_activations: 3,
        activations_count: 1,
        activations_remaining: 2,
        expires_at: null,
        created_at: now(),
      },
    },
  ]);
  const { site_token } = registered.body;
  world.clock.advance(HOUR);
  const health_data = { disk_usage: "45%" };
  const beaten = await ask("heartbeat", { site_token, wp_version: "6.4", health_data });
  expect([beaten.status, beaten.body]).toEqual([
    200,
    {
      success: true,
      message: "Heartbeat received",
      site: { id, status: "ACTIVE", last_heartbeat_at: now() },
      license: { status: "ACTIVE", valid: true, expires_at: null },
      has_pending_actions: false,
      pending_actions_count: 0,
      next_heartbeat_in: 3600,
      server_time: now(),
    },
  ]);
  await queue("UPDATE_PLUGIN", { version: "1.1.0" });
  const created_at = now();
  world.clock.advance(HOUR);
  const taken = await ask("pending-actions", { site_token });
  const action = { id: expect.any(String), type: "UPDATE_PLUGIN", payload: { version: "1.1.0" } };
  expect([taken.status, taken.body]).toEqual([
    200,
    { success: true, actions: [{ ...action, created_at, acknowledged_at: now() }], count: 1 },
  ]);
  const { site } = await world.admin("getSite", { siteId: id });
  expect(site).toMatchObject({
    wpVersion: "6.4",
    phpVersion: "8.2",
    pluginVersion: "1.0.0",
    adminEmail: "admin@example.com",
    healthData: health_data,
    pendingActions: 0,
  });
});

test("200 a site of no license, and null or empty fields as none", async () => {
  const empty = { site_name: "", admin_email: null, wp_version: null, license_key: "" };
  const reply = await ask("register", { site_url: "https://example.com", unknown: 1, ...empty });
  expect(reply.body).toMatchObject({ license: null, site: { site_name: null } });
  const { site_token } = reply.body;
  const beaten = await ask("heartbeat", { site_token, wp_version: "", health_data: "" });
  expect(beaten.body).toMatchObject({ success: true, license: null });
});

describe.each(PATHS)("%s", (path) => {
  const body = { site_url: "https://example.com", site_token: "x" };

  test("401 without a key, with a wrong one or two; 403 without the scope", async () => {
    const scoped = await wordpressKey(world, { scopes: ["licenses:activate"] });
    for (const headers of [
      {},
      { "x-api-key": "pk_live_x" },
      { authorization: `Bearer ${ADMIN_SECRET}` },
    ]) {
      const reply = await ask(path, body, headers as Record<string, string>);
      expect([reply.status, reply.body]).toEqual([401, failure("UNAUTHORIZED")]);
    }
    const refused = await ask(path, body, { "x-api-key": scoped });
    expect([refused.status, refused.body]).toEqual([403, failure("INSUFFICIENT_SCOPE")]);
    const bearer = await ask(path, body, { authorization: `bearer ${apiKey}` });
    expect(bearer.status).toBe(path === "register" ? 200 : 404);
  });

  test("400 names the missing field", async () => {
    const field = path === "register" ? "site_url" : "site_token";
    for (const given of [{}, { [field]: null }, { [field]: "" }, { [field]: 7 }, []]) {
      const reply = await ask(path, given);
      expect(reply).toMatchObject({
        status: 400,
        body: { success: false, code: "INVALID_REQUEST" },
      });
      if (!Array.isArray(given)) {
        expect(reply.body["details"]).toEqual([{ field, message: expect.any(String) }]);
      }
    }
  });
});

test.each<[Json, string]>([
  [{ site_url: "example.com" }, "site_url"],
  [{ site_url: "ftp://example.com" }, "site_url"],
  [{ site_url: "https://me:secret@example.com" }, "site_url"],
  [{ admin_email: "nobody" }, "admin_email"],
  [{ admin_email: "a b@example.com" }, "admin_email"],
  [{ admin_email: "\0@example.com" }, "admin_email"],
  [{ site_name: "x".repeat(256) }, "site_name"],
  [{ wp_version: 6.4 }, "wp_version"],
])("400 register %j names %s", async (more, field) => {
  const reply = await ask("register", { site_url: "https://example.com", ...more });
  expect(reply).toMatchObject({ status: 400, body: { details: [{ field }] } });
});

test.each([
  "wordpress@localhost",
  "r&d@example.com",
  "admin@xn--e1afmkfd.xn--p1ai",
  "jürgen@müller.example",
])("200 register, its administrator is %s", async (admin_email) => {
  const reply = await ask("register", { site_url: "https://example.com", admin_email });
  expect(reply.status).toBe(200);
});

test("404 an unknown token, one of another account, and one that was replaced", async () => {
  const first = await token();
  const stranger = wordpress(world, await wordpressKey(world, { creatorId: "other" }));
  const before = await world.store.get(sites, await siteId());
  const forged = `${first.slice(0, 30)}${"A".repeat(34)}`;
  for (const [asker, site_token] of [
    [ask, "abc123..."],
    [ask, forged],
    [ask, `${first}A`],
    [stranger, first],
  ] as const) {
    for (const path of ["heartbeat", "pending-actions"]) {
      const reply = await asker(path, { site_token });
      expect([reply.status, reply.body]).toEqual([404, failure("SITE_NOT_FOUND")]);
    }
  }
  expect(await world.store.get(sites, await siteId())).toEqual(before);
  const second = await registeredToken(ask, { site_url: "HTTP://EXAMPLE.com/" });
  expect((await ask("heartbeat", { site_token: first })).status).toBe(404);
  expect((await ask("heartbeat", { site_token: second })).status).toBe(200);
  expect((await world.admin("listSites", {}))["sites"]).toHaveLength(1);
});

test("another account's site of the same address is another site", async () => {
  const mine = await token();
  const other = wordpress(world, await wordpressKey(world, { creatorId: "other" }));
  const theirs = await registeredToken(other);
  expect((await ask("heartbeat", { site_token: mine })).status).toBe(200);
  expect((await other("heartbeat", { site_token: theirs })).status).toBe(200);
});

test("no token is stored, logged or audited in clear", async () => {
  const given = await token();
  await ask("heartbeat", { site_token: given });
  const site = await world.store.get(sites, await siteId());
  await world.admin("revokeSite", { siteId: site?.id });
  const audited = await world.store.query(auditEntries, "newest", { limit: 500 });
  const text = JSON.stringify([site, world.logs, audited]);
  expect(text).not.toContain(given);
  expect(JSON.stringify(audited)).not.toContain(site?.tokenHash);
});

describe("register with a license", () => {
  test("makes the host a domain's activation, once, and native functions show it", async () => {
    const licenseKey = await world.license();
    await token({ license_key: licenseKey, site_url: "https://Example.com/blog" });
    await token({ license_key: licenseKey, site_url: "http://example.com/shop" });
    expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 1, activations: 1 });
    const { activations } = await world.admin("getLicense", { licenseKey });
    expect(activations).toMatchObject([{ fingerprint: "domain:example.com" }]);
    const told = await world.store.query(outbox, "oldest", { limit: 100 });
    expect(told.items.filter(({ type }) => type === "license.activated")).toHaveLength(1);
  });

  test.each<[string, (key: string) => Promise<unknown>, number, string]>([
    ["expired", (key) => changeLicense(world, key, { expiresAt: NOW }), 403, "LICENSE_EXPIRED"],
    [
      "suspended",
      (key) => changeLicense(world, key, { status: "suspended" }),
      403,
      "LICENSE_SUSPENDED",
    ],
    ["revoked", (key) => world.admin("revokeLicense", { licenseKey: key }), 403, "LICENSE_REVOKED"],
    [
      "full",
      (key) => changeLicense(world, key, { machinesUsed: 2 }),
      403,
      "ACTIVATION_LIMIT_REACHED",
    ],
  ])("403 one that is %s, and no site is made", async (_, change, status, code) => {
    const license_key = await world.license();
    await change(license_key);
    const reply = await ask("register", { site_url: "https://example.com", license_key });
    expect([reply.status, reply.body]).toEqual([status, failure(code)]);
    expect((await world.admin("listSites", {}))["sites"]).toEqual([]);
  });

  test("404 one that is unknown or of another account", async () => {
    const license_key = await world.license({ productId: "prod_else" });
    const stranger = wordpress(world, await wordpressKey(world, { creatorId: "other" }));
    for (const [asker, key] of [
      [ask, "NO-SUCH-KEY"],
      [stranger, license_key],
    ] as const) {
      const reply = await asker("register", { site_url: "https://example.com", license_key: key });
      expect([reply.status, reply.body]).toEqual([404, failure("LICENSE_NOT_FOUND")]);
    }
    expect((await world.admin("listSites", {}))["sites"]).toEqual([]);
  });

  test("a site that registers again without one keeps its license and what waits for it", async () => {
    const licenseKey = await world.license();
    await token({ license_key: licenseKey });
    await queue("ENABLE_PLUGIN");
    await world.admin("revokeLicense", { licenseKey });
    const again = await token();
    expect((await ask("heartbeat", { site_token: again })).body).toMatchObject({
      license: { status: "REVOKED", valid: false },
      pending_actions_count: 2,
    });
  });
});

test("403 a revoked site, without a slot taken; reinstated it registers again", async () => {
  const licenseKey = await world.license();
  const site_token = await token();
  const id = await siteId();
  await world.admin("revokeSite", { siteId: id });
  expect((await ask("heartbeat", { site_token })).status).toBe(404);
  expect((await ask("pending-actions", { site_token })).status).toBe(404);
  const refused = await ask("register", {
    site_url: "https://example.com",
    license_key: licenseKey,
  });
  expect([refused.status, refused.body]).toEqual([403, failure("SITE_REVOKED")]);
  expect(await countedOf(world, licenseKey)).toMatchObject({ machinesUsed: 0, activations: 0 });
  await world.admin("reinstateSite", { siteId: id });
  expect((await ask("heartbeat", { site_token })).status).toBe(404);
  expect((await ask("heartbeat", { site_token: await token() })).status).toBe(200);
});

describe("health_data", () => {
  const sized = (bytes: number) => ({ x: "y".repeat(bytes - JSON.stringify({ x: "" }).length) });
  const health = async () =>
    ((await world.admin("getSite", { siteId: await siteId() }))["site"] as Json)["healthData"];

  test("of 64 KiB is kept as sent; a byte more is 400 and changes nothing", async () => {
    const site_token = await token();
    const largest = sized(65_536);
    expect((await ask("heartbeat", { site_token, health_data: largest })).status).toBe(200);
    expect(await health()).toEqual(largest);
    world.clock.advance(HOUR);
    const reply = await ask("heartbeat", { site_token, health_data: sized(65_537) });
    expect(reply).toMatchObject({ status: 400, body: { details: [{ field: "health_data" }] } });
    expect(await health()).toEqual(largest);
    expect((await ask("heartbeat", { site_token, health_data: ["list"] })).status).toBe(400);
  });

  test("that is PHP's empty array is an empty object", async () => {
    const reply = await ask("heartbeat", { site_token: await token(), health_data: [] });
    expect([reply.status, await health()]).toEqual([200, {}]);
  });

  test("of any JSON values comes back as it was, and stays until there is another", async () => {
    const site_token = await token();
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (given) => {
        const health_data = JSON.parse(JSON.stringify(given)) as Json;
        const reply = await ask("heartbeat", { site_token, health_data });
        if (reply.status === 400) {
          expect(JSON.stringify(given)).toMatch(/"(__proto__|constructor|prototype)"/);
        } else expect(await health()).toEqual(health_data);
      }),
      { numRuns: 30 },
    );
    await ask("heartbeat", { site_token, health_data: { lists: [[1], [[2]]] } });
    await ask("heartbeat", { site_token });
    expect(await health()).toEqual({ lists: [[1], [[2]]] });
  });
});

describe("pending actions", () => {
  let site_token: string;
  let licenseKey: string;
  beforeEach(async () => {
    licenseKey = await world.license();
    site_token = await token({ license_key: licenseKey });
  });

  test("a heartbeat counts them and consumes none; fetching hands each out once, oldest first", async () => {
    await queue("DISABLE_PLUGIN");
    world.clock.advance(1);
    await queue("SHOW_NOTICE", { text: "Hello" });
    expect([await waiting(site_token), await waiting(site_token)]).toEqual([2, 2]);
    expect(await types(site_token)).toEqual(["DISABLE_PLUGIN", "SHOW_NOTICE"]);
    expect(await types(site_token)).toEqual([]);
    expect(await waiting(site_token)).toBe(0);
  });

  test("`acknowledge` false only looks; a list confirms those it names, and ignores what it does not know", async () => {
    await queue("DISABLE_PLUGIN");
    world.clock.advance(1);
    await queue("ENABLE_PLUGIN");
    const [first, second] = await take(site_token, { acknowledge: false });
    expect([first?.["acknowledged_at"], second?.["acknowledged_at"]]).toEqual([null, null]);
    const named = await take(site_token, { acknowledge: [second?.["id"], "unknown"] });
    expect(named).toEqual([{ ...second, acknowledged_at: now() }]);
    expect(await take(site_token, { acknowledge: [second?.["id"]] })).toEqual([]);
    expect(await types(site_token, { acknowledge: null })).toEqual(["DISABLE_PLUGIN"]);
    const odd = await ask("pending-actions", { site_token, acknowledge: "yes" });
    expect(odd).toMatchObject({ status: 400, body: { details: [{ field: "acknowledge" }] } });
  });

  test("lapse after 30 days, the refresh of a license too", async () => {
    await queue("ENABLE_PLUGIN");
    await world.admin("revokeLicense", { licenseKey });
    world.clock.advance(30 * DAY - 1);
    expect(await waiting(site_token)).toBe(2);
    world.clock.advance(1);
    expect(await waiting(site_token)).toBe(0);
    expect(await types(site_token)).toEqual([]);
    const { actions } = await world.admin("listPendingActions", { licenseKey });
    expect((actions as Json[]).map(({ state }) => state)).toEqual(["lapsed", "lapsed"]);
  });

  const sold = async () => {
    const sale = { productId: "prod_tools", email: "b@example.com", purchaseId: "pur_1" };
    const say = (type: string) =>
      world.call(
        "webhook",
        { ...sale, type },
        { headers: { "x-webhook-secret": "test-native-secret" } },
      );
    const { body } = await say("purchase.completed");
    return { key: String(body["licenseKey"]), refund: () => say("purchase.refunded") };
  };

  test.each<[string, () => Promise<[key: string, change: () => Promise<unknown>]>]>([
    ["revokeLicense", async () => [licenseKey, () => world.admin("revokeLicense", { licenseKey })]],
    [
      "updateLicense to suspended",
      async () => [
        licenseKey,
        () => world.admin("updateLicense", { licenseKey, status: "suspended" }),
      ],
    ],
    [
      "a refund",
      async () => {
        const { key, refund } = await sold();
        return [key, refund];
      },
    ],
    [
      "threat level 3, at its time",
      async () => {
        await changeLicense(world, licenseKey, { suspendsAt: NOW + HOUR });
        return [licenseKey, async () => world.clock.advance(HOUR)];
      },
    ],
  ])("REFRESH_LICENSE waits for every site of the license after %s, once", async (_, prepare) => {
    const [license_key, change] = await prepare();
    const urls = ["https://example.com", "https://example.com/shop"];
    const tokens: string[] = [];
    for (const site_url of urls) tokens.push(await token({ site_url, license_key }));
    const bystander = await token({ site_url: "https://example.com/other" });
    world.clock.advance(1);
    await change();
    for (const one of tokens) {
      expect(await waiting(one)).toBe(1);
      const looked = await take(one, { acknowledge: false });
      expect(looked).toMatchObject([{ type: "REFRESH_LICENSE", payload: {} }]);
      expect(await take(one)).toEqual([{ ...looked[0], acknowledged_at: now() }]);
      expect([await waiting(one), await take(one)]).toEqual([0, []]);
    }
    expect(await waiting(bystander)).toBe(0);
    world.clock.advance(1);
    await suspendDue(world.deps, { maxLicenses: 10 });
    for (const one of tokens) expect(await waiting(one)).toBe(0);
    world.clock.advance(1);
    await world.admin("reinstateLicense", { licenseKey: license_key });
    for (const one of tokens) expect(await types(one)).toEqual(["REFRESH_LICENSE"]);
  });

  test("follow a license whose key was rotated, which the site is told once", async () => {
    const { licenseKey: rotated } = await world.admin("rotateLicenseKey", { licenseKey });
    await world.admin("revokeLicense", { licenseKey: rotated });
    expect((await world.admin("listSites", { licenseKey: rotated }))["sites"]).toMatchObject([
      { pendingActions: 1 },
    ]);
    expect(await types(site_token)).toEqual(["REFRESH_LICENSE"]);
    const { license } = (await ask("heartbeat", { site_token })).body;
    expect(license).toMatchObject({ status: "REVOKED" });
    expect(await world.store.get(sites, await siteId())).toMatchObject({
      licenseKeyHash: (await licenseOf(world, String(rotated))).keyHash,
    });
  });

  test("a license in its grace is good", async () => {
    await changeLicense(world, licenseKey, { expiresAt: NOW + HOUR, graceMs: DAY });
    world.clock.advance(2 * HOUR);
    const { license } = (await ask("heartbeat", { site_token })).body;
    expect(license).toMatchObject({ status: "ACTIVE", valid: true });
    world.clock.advance(DAY);
    const over = (await ask("heartbeat", { site_token })).body;
    expect(over["license"]).toMatchObject({ status: "EXPIRED", valid: false });
  });

  test("cost two documents and one write, or none where nothing waits, beside the key", async () => {
    const cost = async (path: string, more: Json = {}) => {
      await ask(path, { site_token, ...more });
      return world.touched();
    };
    await cost("heartbeat");
    const free = { reads: 3, writes: 0, aggregates: 0 };
    expect(await cost("heartbeat")).toEqual({ ...free, writes: 1 });
    expect(await cost("pending-actions")).toEqual(free);
    await queue("ENABLE_PLUGIN");
    expect(await cost("pending-actions", { acknowledge: false })).toEqual(free);
    expect(await cost("pending-actions")).toEqual({ ...free, writes: 1 });
  });
});

test("whatever is sent, no answer is a 500", async () => {
  const site_token = await token();
  const field = fc.oneof(
    fc.jsonValue(),
    fc.constant(site_token),
    fc.constant("https://example.com"),
  );
  const names = [
    "site_url",
    "site_token",
    "site_name",
    "admin_email",
    "wp_version",
    "license_key",
    "health_data",
    "acknowledge",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PATHS),
      fc.dictionary(fc.constantFrom(...names), field),
      async (path, body) => {
        const reply = await ask(path, body);
        expect([200, 400, 404, 429]).toContain(reply.status);
        expect(reply.body["success"]).toBe(reply.status === 200);
      },
    ),
    { numRuns: 150 },
  );
});

test("registering costs what its license does, and a write", async () => {
  const licenseKey = await world.license();
  const cost = async (site_url: string, more: Json = {}) => {
    await token({ site_url, ...more });
    return world.touched();
  };
  await cost("https://warm.example.com", { license_key: licenseKey });
  const free = { reads: 2, writes: 1, aggregates: 0 };
  expect(await cost("https://example.com")).toEqual(free);
  const owned = { license_key: licenseKey };
  expect(await cost("https://example.com", owned)).toEqual({ ...free, reads: 4, writes: 4 });
  expect(await cost("https://example.com/a", owned)).toEqual({ ...free, reads: 4, writes: 2 });
});
