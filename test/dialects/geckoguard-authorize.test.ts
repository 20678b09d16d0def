import { createHash } from "node:crypto";
import fc from "fast-check";
import { stringToSign } from "../../functions/src/dialects/geckoguard/signing.ts";
import { keyHashOf } from "../../functions/src/operations/activations/machine.ts";
import { blacklistEntryId } from "../../functions/src/operations/blacklists/values.ts";
import {
  apiKeys,
  blacklistEntries,
  licenses,
  outbox,
  products,
} from "../../functions/src/store/collections.ts";
import { auditOf, changeLicense, licenseOf } from "../support/change-license.ts";
import { geckoKey, type Owner, openGecko, UNLIMITED } from "../support/geckoguard.ts";
import {
  authorize,
  geckoLicense,
  sendAuthorize,
  setProduct,
  signedHeaders,
  usedOf,
} from "../support/geckoguard-signed.ts";
import {
  DAY,
  HOUR,
  type Json,
  MINUTE,
  machine,
  NOW,
  type Reply,
  type World,
} from "../support/world.ts";

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

const ask = (body: Json, more: Parameters<typeof authorize>[3] = {}) =>
  authorize(world, owner, body, more);
const iso = (instant: number) => new Date(instant).toISOString();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const none = { hwid: null, ip: null, concurrency: null, hwidResets: null, ipResets: null };
const STICKY = { ...none, hwid: { mode: "sticky" as const, maxDistinct: null } };
const devices = (maxDistinct: number) => ({
  ...none,
  hwid: { mode: "limit" as const, maxDistinct },
});
const addresses = (mode: "sticky" | "limit", limitType: "ip" | "region" = "ip") => ({
  ...none,
  ip: { mode, maxDistinct: 1, windowDays: 30, limitType },
});
const sessions = (maxActive: number) => ({
  ...none,
  concurrency: { mode: "limit" as const, maxActive, sessionTtlSeconds: 600 },
});

async function blacklist(type: "HWID" | "IP", value: string, reason: string | null = null) {
  const valueHash = sha256(value);
  const { productId } = owner;
  const record = {
    ...{ id: blacklistEntryId(productId, type, valueHash), accountId: "default", productId },
    ...{ type, value, valueHash, folded: value, reason, createdAt: NOW, updatedAt: NOW },
  };
  await world.store.commit([{ kind: "set", collection: blacklistEntries, record }]);
  const known = await world.store.get(products, productId);
  const count = { ...known?.blacklist, [type === "HWID" ? "hwids" : "ips"]: 1 };
  await setProduct(world, owner, { blacklist: count });
}

const granted = (more: Json = {}, remaining: Json = {}) => ({
  ok: true,
  allow: true,
  reasonCode: "ALLOW",
  message: "Authorization granted",
  policy: { summary: "Authorization granted" },
  limits: {
    remaining: { hwid: "unlimited", ip: "unlimited", concurrency: "unlimited", ...remaining },
  },
  activatedAt: iso(world.clock.now()),
  effectiveExpiresAt: null,
  expiresAt: null,
  expiresAfterDays: null,
  ...more,
});

const expectDenied = (reply: Reply, reasonCode: string, message: string, status = 403) => {
  const error = status === 404 ? { error: reasonCode } : {};
  expect([reply.status, reply.body]).toEqual([
    status,
    { ok: false, allow: false, reasonCode, message, ...error },
  ]);
};

const expectError = (reply: Reply, status: number, code: string, message?: string) =>
  expect([reply.status, reply.body]).toEqual([
    status,
    {
      ok: false,
      error: expect.objectContaining({ code, message: message ?? expect.any(String) }),
    },
  ]);

describe("the worked example", () => {
  const apiKey = "gg_4f9d2c7b1a8e4d0f9c3b6a5e2d1f0c8b";
  const productId = "3b6f0a52-6a0e-4a55-9a5c-2f6f3b1f7c11";
  const timestamp = "1777472000";
  const nonce = "0f8c1e2d3b4a59687766554433221100";
  const body = {
    productId,
    licenseKey: "GG-7Q2M9-XK4TD-9WZ3H-BV6RN",
    hwid: "A1B2-C3D4-E5F6",
    sessionId: "5f0c7c1e-2f1b-4a63-8d6e-0c1f9a7b3e22",
  };
  const raw = JSON.stringify(body);
  const signature = "6e0080eb95e0f441ceb6fac2f7f090a157f55058428d02e5a8d048055ff26749";

  test("is signed as it says", () => {
    expect(Buffer.byteLength(raw)).toBe(169);
    const signed = { method: "POST", path: "/v1/licenses/authorize", timestamp, nonce };
    expect(stringToSign({ ...signed, body: Buffer.from(raw) }).split("\n")).toEqual([
      "POST",
      "/v1/licenses/authorize",
      timestamp,
      nonce,
      "63af3bdcf2a6f74733ca201ca5dbe4ab79467cfe55b94070f5bf2fbf5a14a86b",
    ]);
    const headers = signedHeaders(apiKey, { at: Number(timestamp) * 1000, nonce, raw });
    expect(headers["x-gg-signature"]).toBe(signature);
  });

  test("200 at its time, 401 NONCE_REPLAYED when it is sent again", async () => {
    world.clock.advance(Number(timestamp) * 1000 - world.clock.now());
    const licenseKey = await geckoLicense(world);
    const [key, product, license] = [
      await world.store.get(apiKeys, world.deps.vault.hash("api-key", owner.apiKey)),
      await world.store.get(products, owner.productId),
      await licenseOf(world, licenseKey),
    ];
    if (!key || !product) throw new Error("there is no key");
    const keyHash = keyHashOf(world.deps, body.licenseKey);
    const secretHash = world.deps.vault.hash("api-key", apiKey);
    const products_ = [{ id: productId, handle: product.handle }];
    await world.store.commit([
      { kind: "set", collection: products, record: { ...product, id: productId } },
      { kind: "set", collection: apiKeys, record: { ...key, secretHash, products: products_ } },
      { kind: "set", collection: licenses, record: { ...license, keyHash, productId } },
    ]);
    const headers = {
      "X-Api-Key": apiKey,
      "X-GG-Timestamp": timestamp,
      "X-GG-Nonce": nonce,
      "X-GG-Signature": signature,
    };
    const send = () => world.call("v1/licenses/authorize", undefined, { raw, headers });
    expect((await send()).body).toEqual(granted());
    const { authorization } = (await world.store.get(licenses, keyHash)) ?? {};
    expect(authorization?.hwids[0]?.valueHash).toBe(
      "16308361808fdf63e94ea02e7c0c02c2a25a2c72b1e332e65056f40f9343aba3",
    );
    expectError(await send(), 401, "NONCE_REPLAYED");
  });
});

describe("200", () => {
  test("a countdown begins with the first use, and the answer has every field", async () => {
    const licenseKey = await geckoLicense(world, {
      expiresAfterDays: 30,
      fixedExpiresAt: NOW + 90 * DAY,
      expiresAt: NOW + 90 * DAY,
      policyOverride: { ...devices(3), ...sessions(4), hwid: devices(3).hwid },
      maxMachines: 3,
    });
    const body = { licenseKey, hwid: "h", sessionId: "s", deviceId: "d", ip: "203.0.113.7" };
    const terms = {
      activatedAt: iso(NOW),
      effectiveExpiresAt: iso(NOW + 30 * DAY),
      expiresAt: iso(NOW + 90 * DAY),
      expiresAfterDays: 30,
    };
    expect((await ask(body)).body).toEqual(granted(terms, { hwid: 2, concurrency: 3 }));
    world.clock.advance(MINUTE);
    expect((await ask(body)).body).toEqual(granted(terms, { hwid: 2, concurrency: 3 }));
    const { authorization } = await licenseOf(world, licenseKey);
    const times = { firstSeenAt: NOW, lastSeenAt: NOW + MINUTE, revokedAt: null };
    expect(authorization).toMatchObject({
      lastAuthorizedAt: NOW + MINUTE,
      hwids: [{ valueHash: sha256("h"), region: null, ...times }],
      addresses: [
        {
          valueHash: "fec52565aa0cf18f57d7cf5b3ac728503b8992d2d6f7d46da1d1201090902b02",
          ...times,
        },
      ],
      sessions: [
        {
          ...{ sessionId: "s", deviceId: "d", ip: "203.0.113.7", hwidHash: sha256("h") },
          ...{ startedAt: NOW, lastSeenAt: NOW + MINUTE, revokedAt: null },
        },
      ],
    });
    expect(JSON.stringify(await licenseOf(world, licenseKey))).not.toContain('"h"');
  });

  test("timestamps in milliseconds, prefixed and upper-case signatures, null for what is left out", async () => {
    const licenseKey = await geckoLicense(world);
    const raw = JSON.stringify({
      ...{ productId: owner.productId.toUpperCase(), licenseKey, later: true },
      ...{ hwid: null, ip: null, deviceId: null, sessionId: null, dryRun: null },
    });
    const at = world.clock.now();
    for (const [index, prefix] of ["", "v1=", "sha256="].entries()) {
      const nonce = `nonce-nonce-nonce${index}`;
      const signed = signedHeaders(owner.apiKey, { at, nonce, raw });
      const upper = `${prefix}${signed["x-gg-signature"]?.toUpperCase()}`;
      const headers = {
        "x-gg-signature":
          index === 0 ? upper : `${prefix}${upper.slice(prefix.length).toLowerCase()}`,
      };
      expect((await ask({}, { nonce, raw, headers })).status).toBe(200);
    }
    const nonce = "in-milliseconds-1";
    const signed = signedHeaders(owner.apiKey, { at: at * 1000, nonce, raw });
    expect((await ask({}, { raw, nonce, headers: signed })).status).toBe(200);
  });

  test("a bundle's license is good for what it unlocks", async () => {
    const suite = await world.license({
      productId: "prod_suite",
      unlockedProducts: ["prod_gecko"],
    });
    expect((await ask({ licenseKey: suite, hwid: "h" })).body).toMatchObject({ allow: true });
  });
});

describe("denied, as", () => {
  const GONE = { expiresAt: NOW };
  type Case = [
    reasonCode: string,
    message: string,
    license: Parameters<typeof geckoLicense>[1],
    body?: Json,
    before?: Json,
  ];
  test.each<Case>([
    ["LICENSE_REVOKED", "License has been revoked", { status: "revoked" }],
    ["LICENSE_REVOKED", "License is frozen", { status: "suspended" }],
    ["LICENSE_EXPIRED", "License has expired", GONE],
    [
      "LICENSE_EXPIRED_RELATIVE",
      "License has expired",
      { ...GONE, expiresAfterDays: 1, activatedAt: NOW - DAY },
    ],
    [
      "HWID_MISMATCH",
      "Hardware ID does not match bound device",
      { policyOverride: STICKY, maxMachines: 1 },
      { hwid: "b" },
      { hwid: "a" },
    ],
    [
      "HWID_LIMIT_EXCEEDED",
      "Maximum number of devices reached",
      { policyOverride: devices(1), maxMachines: 1 },
      { hwid: "b" },
      { hwid: "a" },
    ],
    [
      "HWID_REQUIRED",
      "Hardware ID is required",
      { policyOverride: devices(1), maxMachines: 1 },
      { deviceId: "d" },
    ],
    ["HWID_REQUIRED", "Hardware ID is required", { policyOverride: STICKY, maxMachines: 1 }],
    [
      "IP_MISMATCH",
      "IP address does not match bound address",
      { policyOverride: addresses("sticky") },
      { ip: "2001:db8::1" },
      { ip: "203.0.113.7" },
    ],
    [
      "IP_LIMIT_EXCEEDED",
      "Maximum number of IP addresses reached",
      { policyOverride: addresses("limit") },
      // The address that it is sent from, where none is named.
      {},
      { ip: "203.0.113.7" },
    ],
    [
      "CONCURRENCY_LIMIT_EXCEEDED",
      "Maximum number of concurrent sessions reached",
      { policyOverride: sessions(1) },
      { sessionId: "t" },
      { sessionId: "s" },
    ],
    ["SESSION_REQUIRED", "Session ID is required", { policyOverride: sessions(1) }],
  ])("%s: %s", async (reasonCode, message, terms, body = {}, before = undefined) => {
    const licenseKey = await geckoLicense(world, terms);
    if (before) expect((await ask({ licenseKey, ...before })).status).toBe(200);
    expectDenied(await ask({ licenseKey, ...body }), reasonCode, message);
  });

  test("SESSION_REVOKED, once its license was revoked, whichever API did it", async () => {
    const licenseKey = await geckoLicense(world, { policyOverride: sessions(2) });
    for (const sessionId of ["s", "t"]) await ask({ licenseKey, sessionId });
    await world.admin("revokeLicense", { licenseKey });
    expect(await usedOf(world, licenseKey)).toMatchObject({ sessions: 0 });
    await world.admin("reinstateLicense", { licenseKey });
    const refused = await ask({ licenseKey, sessionId: "s" });
    expectDenied(refused, "SESSION_REVOKED", "Session has been revoked");
    expect((await ask({ licenseKey, sessionId: "u" })).body).toMatchObject({
      limits: { remaining: { concurrency: 1 } },
    });
    await world.admin("updateLicense", { licenseKey, status: "suspended" });
    expect(await usedOf(world, licenseKey)).toMatchObject({ sessions: 0 });
  });

  test("LICENSE_NOT_FOUND: a key that nobody has, and one of another account", async () => {
    await world.admin("createProduct", { name: "x", productId: "prod_x", creatorId: "other" });
    const made = await world.admin("createLicense", {
      ...{ email: "a@example.com", productId: "prod_x", creatorId: "other" },
    });
    const [unknown, foreign] = [
      await ask({ licenseKey: "nope" }),
      await ask({ licenseKey: made["licenseKey"] }),
    ];
    expectDenied(unknown, "LICENSE_NOT_FOUND", "License key not found", 404);
    expect(foreign.body).toEqual(unknown.body);
    expect(await licenseOf(world, String(made["licenseKey"]))).toMatchObject({
      authorization: null,
    });
  });

  test("PRODUCT_MISMATCH: another product of the account", async () => {
    const licenseKey = await world.license({ productId: "prod_x" });
    const refused = await ask({ licenseKey });
    expectDenied(refused, "PRODUCT_MISMATCH", "License does not belong to this product");
  });

  test("HWID_BLACKLISTED and IP_BLACKLISTED, with the entry's reason, or else ours", async () => {
    const licenseKey = await geckoLicense(world);
    const body = { licenseKey, hwid: "banned", ip: "203.0.113.7" };
    await blacklist("IP", "203.0.113.7");
    expectDenied(await ask(body), "IP_BLACKLISTED", "IP address is blacklisted");
    await blacklist("HWID", "banned");
    expectDenied(await ask(body), "HWID_BLACKLISTED", "Hardware ID is blacklisted");
    await blacklist("HWID", "banned", "Chargeback fraud");
    expectDenied(await ask(body), "HWID_BLACKLISTED", "Chargeback fraud");
    expect((await ask({ ...body, hwid: "good", ip: "203.0.113.8" })).status).toBe(200);
    // The sender's own address, where none is named, and however it is spelled.
    await blacklist("IP", "127.0.0.1", "Home");
    const own = await ask({ licenseKey }, { headers: { "x-forwarded-for": "127.0.0.1" } });
    expectDenied(own, "IP_BLACKLISTED", "Home");
    expectDenied(await ask({ licenseKey, ip: "::ffff:127.0.0.1" }), "IP_BLACKLISTED", "Home");
  });

  test.each([
    ["203.0.113.0/24", "203.0.113.200", "203.0.114.1"],
    ["2001:db8::/32", "2001:0DB8::1", "2001:db9::1"],
  ])("IP_BLACKLISTED: within the range %s", async (cidr, inside, outside) => {
    const licenseKey = await geckoLicense(world);
    const range = { id: "r", cidr, reason: "Data center" };
    await setProduct(world, owner, { blacklist: { hwids: 0, ips: 0, ranges: [range] } });
    expectDenied(await ask({ licenseKey, ip: inside }), "IP_BLACKLISTED", "Data center");
    expect((await ask({ licenseKey, ip: outside })).status).toBe(200);
  });

  test("by countries, as far as the one of the sender is known", async () => {
    const policyOverride = addresses("sticky", "region");
    const licenseKey = await geckoLicense(world, { policyOverride });
    const from = (country: string, ip: string) =>
      ask({ licenseKey }, { headers: { "x-country-code": country, "x-forwarded-for": ip } });
    expect((await from("DE", "203.0.113.7")).status).toBe(200);
    expect((await from("DE", "203.0.113.8")).status).toBe(200);
    expect((await from("FR", "203.0.113.8")).body["reasonCode"]).toBe("IP_MISMATCH");
    expect((await ask({ licenseKey, ip: "203.0.113.9" })).body["reasonCode"]).toBe("IP_MISMATCH");
  });
});

describe("errors of the request", () => {
  let licenseKey: string;
  beforeEach(async () => {
    licenseKey = await geckoLicense(world);
  });

  test.each(["x-gg-timestamp", "x-gg-nonce", "x-gg-signature"])(
    "401 SIGNATURE_REQUIRED without %s",
    async (name) => {
      expectError(await ask({}, { headers: { [name]: "" } }), 401, "SIGNATURE_REQUIRED");
    },
  );

  test.each<[string, Record<string, string>]>([
    ["one that is no number", { "x-gg-timestamp": "now" }],
    ["one that is negative", { "x-gg-timestamp": "-1" }],
    ["one that is empty but for digits it has too many of", { "x-gg-timestamp": "17774720000000" }],
  ])("401 TIMESTAMP_OUT_OF_RANGE: %s", async (_, headers) => {
    expectError(await ask({ licenseKey }, { headers }), 401, "TIMESTAMP_OUT_OF_RANGE");
  });

  test("401 TIMESTAMP_OUT_OF_RANGE past 300 seconds, either way", async () => {
    const off = (seconds: number) => ask({ licenseKey }, { at: NOW + seconds * 1000 });
    for (const seconds of [-300, 300]) expect((await off(seconds)).status).toBe(200);
    for (const seconds of [-301, 301]) {
      expectError(await off(seconds), 401, "TIMESTAMP_OUT_OF_RANGE");
    }
  });

  test.each(["short", "a".repeat(129), "nonce with spaces", "nonce/with/slashes"])(
    "400 VALIDATION_ERROR: the nonce %s",
    async (nonce) => {
      expectError(await ask({ licenseKey }, { nonce }), 400, "VALIDATION_ERROR");
    },
  );

  test("401 UNAUTHORIZED: another body, time, nonce, path or key than was signed", async () => {
    const raw = JSON.stringify({ productId: owner.productId, licenseKey });
    const at = world.clock.now();
    const nonce = "nonce-nonce-nonce";
    const signed = signedHeaders(owner.apiKey, { at, nonce, raw });
    const forged: [Record<string, string>, string?][] = [
      [{}, `${raw} `],
      [{ "x-gg-timestamp": String(at / 1000 + 1) }],
      [{ "x-gg-nonce": "another-nonce-here" }],
      [{ "x-gg-signature": "0".repeat(64) }],
      [{ "x-gg-signature": "z" }],
      [signedHeaders("gg_other", { at, nonce, raw }), raw],
    ];
    for (const [headers, body = raw] of forged) {
      const all = { ...signed, ...headers, "x-api-key": owner.apiKey };
      const reply = await world.call("v1/licenses/authorize", undefined, {
        raw: body,
        headers: all,
      });
      expectError(reply, 401, "UNAUTHORIZED");
    }
    const unknown = await sendAuthorize(world.url, "gg_nobody", {}, { at, raw });
    expectError(unknown, 401, "UNAUTHORIZED");
    // None of it used the nonce up.
    expect((await ask({}, { raw, nonce })).status).toBe(200);
  });

  test("403 PERMISSION_DENIED for a key without the scope", async () => {
    const other = await geckoKey(world, "prod_gecko", { scopes: ["license:read"] });
    const words = "API key does not have permission: license:authorize";
    expectError(await authorize(world, other, { licenseKey }), 403, "PERMISSION_DENIED", words);
  });

  test("403 FORBIDDEN for another product than the key's", async () => {
    const { productId } = await geckoKey(world, "prod_other");
    const words = "API key is not bound to this product";
    expectError(await ask({ licenseKey, productId }), 403, "FORBIDDEN", words);
  });

  const long = (length: number) => "x".repeat(length);
  test.each<[string, Json]>([
    ["productId", { productId: "slug" }],
    ["licenseKey", { licenseKey: "" }],
    ["licenseKey", { licenseKey: long(129) }],
    ["licenseKey", { licenseKey: 1 }],
    ["hwid", { hwid: "" }],
    ["hwid", { hwid: long(257) }],
    ["ip", { ip: "somewhere" }],
    ["ip", { ip: "203.0.113.0/24" }],
    ["deviceId", { deviceId: long(129) }],
    ["sessionId", { sessionId: long(129) }],
    ["dryRun", { dryRun: "yes" }],
  ])("400 VALIDATION_ERROR names %s: %j", async (path, body) => {
    const reply = await ask({ licenseKey, ...body });
    expectError(reply, 400, "VALIDATION_ERROR");
    expect(reply.body["error"]).toMatchObject({ details: [expect.objectContaining({ path })] });
  });

  test.each(["{", "[]", "", '"x"'])("400 VALIDATION_ERROR: the body %s", async (raw) => {
    expectError(await ask({}, { raw }), 400, "VALIDATION_ERROR");
  });

  test("405 for another method, 413 for a body past 1 MiB", async () => {
    const get = await world.call("v1/licenses/authorize", undefined, { method: "GET" });
    expectError(get, 405, "METHOD_NOT_ALLOWED");
    expectError(await ask({}, { raw: long(1_048_577) }), 413, "PAYLOAD_TOO_LARGE");
  });

  test("of several the first in the order of the reference is told, and a nonce is used up by all after it", async () => {
    const nonce = "the-same-nonce-each";
    const narrow = await geckoKey(world, "prod_gecko", { scopes: ["license:read"] });
    const send = (from: Owner, body: Json, more: object = {}) =>
      authorize(world, from, body, { nonce, ...more });
    const wrong = { productId: "slug" };
    expectError(await send({ ...narrow, apiKey: "gg_x" }, wrong, { at: 0 }), 401, "UNAUTHORIZED");
    const unsigned = { "x-gg-signature": "", "x-gg-timestamp": "0" };
    expectError(await send(narrow, wrong, { headers: unsigned }), 401, "SIGNATURE_REQUIRED");
    const badNonce = { at: 0, nonce: "?" };
    expectError(await send(narrow, wrong, badNonce), 401, "TIMESTAMP_OUT_OF_RANGE");
    const forged = { "x-gg-signature": "z" };
    expectError(
      await send(narrow, wrong, { nonce: "?", headers: forged }),
      400,
      "VALIDATION_ERROR",
    );
    expectError(await send(narrow, wrong, { headers: forged }), 401, "UNAUTHORIZED");
    expectError(await send(narrow, wrong), 403, "PERMISSION_DENIED");
    expectError(await send(narrow, wrong), 401, "NONCE_REPLAYED");
    expectError(await send(owner, wrong), 400, "VALIDATION_ERROR");
    expectError(await send(owner, { licenseKey }), 401, "NONCE_REPLAYED");
  });

  test.each<[string, Json]>([
    ["an unknown key", { licenseKey: "nope" }],
    ["a denial", { status: "revoked" }],
    ["another product", { productId: "3b6f0a52-6a0e-4a55-9a5c-2f6f3b1f7c11" }],
  ])("a nonce is used up by %s", async (_, { status, ...body }) => {
    if (status) await changeLicense(world, licenseKey, { status: "revoked" });
    const nonce = "one-nonce-for-both";
    const first = await ask({ licenseKey, ...body }, { nonce });
    expect([403, 404]).toContain(first.status);
    expectError(await ask({ licenseKey, ...body }, { nonce }), 401, "NONCE_REPLAYED");
  });

  test("a nonce is the key's own", async () => {
    const other = await geckoKey(world);
    const nonce = "one-nonce-for-both";
    expect((await ask({ licenseKey }, { nonce })).status).toBe(200);
    expect((await authorize(world, other, { licenseKey }, { nonce })).status).toBe(200);
  });
});

describe("the license key's minute", () => {
  beforeEach(async () => {
    await world.close();
    world = await openGecko({
      settings: { geckoguardPerMinute: { ...UNLIMITED, licenseKey: 20 } },
    });
    owner = await geckoKey(world);
  });

  test.each<[string, Json]>([
    ["of a license", {}],
    ["of a key that nobody has", { licenseKey: "nope" }],
    ["of dry runs", { dryRun: true }],
  ])("429 for the 21st %s, with the wait and what is left in the headers", async (_, body) => {
    const licenseKey = await geckoLicense(world);
    for (let sent = 1; sent <= 20; sent++) {
      const { status, headers } = await ask({ licenseKey, ...body });
      expect(status).toBe(body["licenseKey"] ? 404 : 200);
      expect(headers.get("x-ratelimit-limit")).toBe("20");
      expect(headers.get("x-ratelimit-remaining")).toBe(String(20 - sent));
    }
    const refused = await ask({ licenseKey, ...body });
    expectError(refused, 429, "RATE_LIMITED", "Too many requests");
    expect(refused.headers.get("retry-after")).toBe("60");
    world.clock.advance(MINUTE);
    expect((await ask({ licenseKey, ...body })).status).not.toBe(429);
  });
});

describe("a dry run", () => {
  test("answers as the real one would, and writes nothing", async () => {
    const licenseKey = await geckoLicense(world, {
      ...{ expiresAfterDays: 30, policyOverride: devices(2), maxMachines: 2 },
    });
    await ask({ licenseKey: "nope" });
    const before = await licenseOf(world, licenseKey);
    const dry = await ask({ licenseKey, hwid: "a", sessionId: "s", dryRun: true });
    expect(world.touched()).toMatchObject({ writes: 0 });
    expect(await licenseOf(world, licenseKey)).toEqual(before);
    const real = await ask({ licenseKey, hwid: "a", sessionId: "s" });
    expect(dry.body).toEqual(real.body);
    await ask({ licenseKey, hwid: "b" });
    const body = { licenseKey, hwid: "c" };
    const refused = await ask({ ...body, dryRun: true });
    expect(world.touched()).toMatchObject({ writes: 0 });
    expect(refused.body).toEqual((await ask(body)).body);
    expect(refused.body).toMatchObject({ reasonCode: "HWID_LIMIT_EXCEEDED" });
  });

  test("leaves its nonce, and knows one that was used", async () => {
    const licenseKey = await geckoLicense(world);
    const nonce = "one-nonce-for-all";
    expect((await ask({ licenseKey, dryRun: true }, { nonce })).status).toBe(200);
    expect((await ask({ licenseKey }, { nonce })).status).toBe(200);
    expectError(await ask({ licenseKey, dryRun: true }, { nonce }), 401, "NONCE_REPLAYED");
  });
});

describe("with an Idempotency-Key", () => {
  test("the first answer is told again to a request with a nonce of its own, and to no other", async () => {
    const licenseKey = await geckoLicense(world, { policyOverride: devices(1), maxMachines: 1 });
    const headers = { "idempotency-key": "k1" };
    const body = { licenseKey, hwid: "a" };
    const nonce = "one-nonce-for-both";
    const first = await ask(body, { headers, nonce });
    expectError(await ask(body, { headers, nonce }), 401, "NONCE_REPLAYED");
    world.clock.advance(HOUR);
    const again = await ask(body, { headers });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await licenseOf(world, licenseKey)).authorization?.hwids[0]?.lastSeenAt).toBe(NOW);
    expectError(await ask({ ...body, hwid: "b" }, { headers }), 409, "IDEMPOTENCY_KEY_REUSE");
  });
});

describe("one license, all APIs", () => {
  test("one that was made for policies activates natively, which begins its countdown", async () => {
    const licenseKey = await geckoLicense(world, {
      ...{ expiresAfterDays: 30, policyOverride: devices(2), maxMachines: 2 },
    });
    const activated = await world.call("activate", machine(licenseKey, "m", "prod_gecko"));
    expect(activated.body).toMatchObject({
      success: true,
      licenseExpiresAt: iso(NOW + 30 * DAY),
    });
    world.clock.advance(DAY);
    const terms = { activatedAt: iso(NOW), effectiveExpiresAt: iso(NOW + 30 * DAY) };
    const used = await ask({ licenseKey, hwid: "a" });
    expect(used.body).toEqual(granted({ ...terms, expiresAfterDays: 30 }, { hwid: 0 }));
    const full = await world.call("activate", machine(licenseKey, "n", "prod_gecko"));
    expect(full.body).toMatchObject({ code: "MACHINE_LIMIT_REACHED" });
    await world.call("deactivate", machine(licenseKey, "m", "prod_gecko"));
    expect(await usedOf(world, licenseKey)).toMatchObject({ machinesUsed: 1, hwids: 1 });
    expect((await ask({ licenseKey, hwid: "b" })).status).toBe(200);
    world.clock.advance(30 * DAY);
    expect((await ask({ licenseKey, hwid: "a" })).body["reasonCode"]).toBe(
      "LICENSE_EXPIRED_RELATIVE",
    );
    const over = await world.call("verify", { licenseKey, productId: "prod_gecko" });
    expect(over.body).toMatchObject({ code: "LICENSE_EXPIRED" });
  });

  test("one that was made natively authorizes, within its slots, and shows what holds them", async () => {
    const licenseKey = await world.license({ productId: "prod_gecko", maxMachines: 2 });
    await world.call("activate", machine(licenseKey, "m", "prod_gecko"));
    expect((await ask({ licenseKey, hwid: "a" })).body).toEqual(granted({}, { hwid: 0 }));
    expect((await ask({ licenseKey, hwid: "b" })).body["reasonCode"]).toBe("HWID_LIMIT_EXCEEDED");
    const shown = await world.admin("getLicense", { licenseKey });
    expect(shown).toMatchObject({ machinesUsed: 2 });
    await world.admin("resetActivations", { licenseKey });
    expect(await usedOf(world, licenseKey)).toMatchObject({
      ...{ machinesUsed: 0, hwids: 0, addresses: 0 },
    });
    expect((await ask({ licenseKey, hwid: "b" })).status).toBe(200);
  });

  test("a date that is set natively ends the countdown", async () => {
    const licenseKey = await geckoLicense(world, { expiresAfterDays: 30 });
    const end = iso(NOW + 5 * DAY);
    await world.admin("updateLicense", { licenseKey, expiresAt: end });
    const terms = { effectiveExpiresAt: end, expiresAt: end, expiresAfterDays: null };
    expect((await ask({ licenseKey })).body).toEqual(granted(terms));
  });

  test("a license within its grace goes on", async () => {
    const licenseKey = await geckoLicense(world, { expiresAt: NOW, graceMs: DAY });
    expect((await ask({ licenseKey })).status).toBe(200);
    world.clock.advance(DAY);
    expect((await ask({ licenseKey })).body["reasonCode"]).toBe("LICENSE_EXPIRED");
  });

  test("a limit on a license that had none counts who is there, of either kind", async () => {
    const licenseKey = await geckoLicense(world);
    await world.call("activate", machine(licenseKey, "m", "prod_gecko"));
    for (const hwid of ["a", "b"]) await ask({ licenseKey, hwid });
    await setProduct(world, owner, { defaultPolicy: devices(4) });
    expect((await ask({ licenseKey, hwid: "a" })).body).toMatchObject({
      limits: { remaining: { hwid: 1 } },
    });
    expect(await licenseOf(world, licenseKey)).toMatchObject({ maxMachines: 4, machinesUsed: 3 });
    const native = await world.license({ productId: "prod_gecko", maxMachines: -1 });
    await world.call("activate", machine(native, "m", "prod_gecko"));
    for (const hwid of ["a", "b"]) await ask({ licenseKey: native, hwid });
    await world.admin("updateLicense", { licenseKey: native, maxMachines: 4 });
    expect(await usedOf(world, native)).toMatchObject({ machinesUsed: 3, hwids: 2 });
  });

  test("the audit trail has none of what a license remembers of its devices", async () => {
    const licenseKey = await geckoLicense(world);
    await ask({ licenseKey, hwid: "a", sessionId: "s" });
    await world.admin("revokeLicense", { licenseKey });
    const trail = JSON.stringify(await auditOf(world));
    expect(trail).toContain("license.revoke");
    expect(trail).not.toContain("authorization");
    expect(trail).not.toContain(sha256("a"));
  });
});

describe("events", () => {
  const told = async () => {
    const { items } = await world.store.query(outbox, "oldest", { limit: 100 });
    const seen = items.filter(({ type }) => /authoriz|expired/.test(type));
    await world.store.commit(items.map(({ id }) => ({ kind: "delete", collection: outbox, id })));
    return seen.map(({ type, productId, licenseId, data }) => ({
      type,
      productId,
      licenseId,
      data,
    }));
  };
  const listen = (events: string[]) =>
    world.admin("createWebhookEndpoint", {
      ...{ url: "https://hooks.example.com/x", format: "geckoguard", events },
    });

  test("tell of what was granted and denied, to those who listen, and never of a key", async () => {
    await listen(["license.authorized", "license.authorization_denied"]);
    const licenseKey = await geckoLicense(world, { policyOverride: STICKY, maxMachines: 1 });
    const { id: licenseId } = await licenseOf(world, licenseKey);
    await told();
    const about = { licenseId, productId: owner.productId };
    for (const wasActivated of [true, false]) {
      await ask({ licenseKey, hwid: "a" });
      expect(await told()).toEqual([
        { type: "license.authorized", ...about, data: expect.objectContaining({ wasActivated }) },
      ]);
    }
    await ask({ licenseKey, hwid: "b" });
    const events = await told();
    expect(events).toEqual([
      {
        type: "license.authorization_denied",
        ...about,
        data: expect.objectContaining({
          reasonCode: "HWID_MISMATCH",
          message: "Hardware ID does not match bound device",
        }),
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(licenseKey);
    await ask({ licenseKey: "nope" });
    await ask({ licenseKey, hwid: "b", dryRun: true });
    expect(await told()).toEqual([]);
  });

  test("cost nothing where nobody listens", async () => {
    const licenseKey = await geckoLicense(world);
    await told();
    await ask({ licenseKey });
    expect(await told()).toEqual([]);
  });
});

describe.each([1, 1_000])("on a license with %i devices, an authorization costs", (count) => {
  const many = <T>(make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, n) => make(n));
  let licenseKey: string;
  const group = { mode: "limit", maxDistinct: count } as const;
  beforeEach(async () => {
    const binding = (value: string) => ({
      ...{ valueHash: sha256(value), region: "ZZ" },
      ...{ firstSeenAt: NOW, lastSeenAt: NOW, revokedAt: null },
    });
    licenseKey = await geckoLicense(world, {
      maxMachines: count,
      machinesUsed: count,
      policyOverride: {
        ...{ ...none, hwid: group, ip: { ...group, windowDays: 30, limitType: "ip" } },
        concurrency: { mode: "limit", maxActive: count, sessionTtlSeconds: 600 },
      },
      authorization: {
        minute: { startedAt: 0, count: 0 },
        lastAuthorizedAt: null,
        hwids: many((n) => binding(`h${n}`)),
        addresses: many((n) => binding(`10.0.${n >> 8}.${n & 255}`)),
        sessions: many((n) => ({
          ...{
            id: world.deps.newId(),
            sessionId: `s${n}`,
            deviceId: null,
            ip: null,
            hwidHash: null,
          },
          ...{ startedAt: NOW, lastSeenAt: NOW, revokedAt: null },
        })),
        hwidResets: { count: 0, lastAt: null },
        ipResets: { count: 0, lastAt: null },
      },
    });
    // The key's hourly note of its use.
    await ask({ licenseKey: "nope" });
  });
  const bound = { hwid: "h0", ip: "10.0.0.0", sessionId: "s0" };
  const cost = async (body: Json = bound) => {
    expect((await ask({ licenseKey, ...body })).status).toBe(200);
    return world.touched();
  };

  test("3 reads and 2 writes, the key and the nonce included", async () => {
    expect(await cost()).toEqual({ reads: 3, writes: 2, aggregates: 0 });
    expect(await cost({ ...bound, dryRun: true })).toEqual({ reads: 4, writes: 0, aggregates: 0 });
  });

  test("5 reads and 3 writes with entries on both blacklists and somebody who listens", async () => {
    await blacklist("HWID", "banned");
    await blacklist("IP", "203.0.113.7");
    await world.admin("createWebhookEndpoint", {
      ...{
        url: "https://hooks.example.com/x",
        format: "geckoguard",
        events: ["license.authorized"],
      },
    });
    // Who listens is known for a minute.
    world.clock.advance(MINUTE);
    expect(await cost()).toEqual({ reads: 5, writes: 3, aggregates: 0 });
  });
});

test("whatever is sent, signed or not, is answered and never with a 5xx", async () => {
  const licenseKey = await geckoLicense(world);
  const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant(licenseKey));
  const field = fc.oneof(text, fc.jsonValue());
  const body = fc.record(
    {
      ...{ productId: fc.oneof(field, fc.constant(owner.productId)), licenseKey: field },
      ...{ hwid: field, ip: field, deviceId: field, sessionId: field, dryRun: fc.boolean() },
    },
    { requiredKeys: [] },
  );
  const ascii = fc.string({ maxLength: 140 }).map((value) => value.replaceAll(/[^ -~]/g, "."));
  const headers = fc.record(
    { "x-gg-timestamp": ascii, "x-gg-nonce": ascii, "x-gg-signature": ascii, "x-api-key": ascii },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(body, fc.option(headers), async (fields, more) => {
      const given = { productId: owner.productId, licenseKey, ...(fields as Json) };
      const { status, body: answer } = await ask(given, more ? { headers: more } : {});
      expect(status).toBeLessThan(500);
      expect(typeof answer["ok"]).toBe("boolean");
    }),
    { numRuns: 200 },
  );
});
