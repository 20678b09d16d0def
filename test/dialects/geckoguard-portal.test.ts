import fc from "fast-check";
import { SignJWT } from "jose";
import type { ProductFile } from "../../functions/src/core/product-files.ts";
import type { License } from "../../functions/src/core/records.ts";
import type { DashboardSettings } from "../../functions/src/core/users.ts";
import { auditEntries, endUsers, licenses } from "../../functions/src/store/collections.ts";
import { changeLicense, licenseOf } from "../support/change-license.ts";
import { as } from "../support/dashboard.ts";
import { detailsOf, geckoCall, geckoKey, said } from "../support/geckoguard.ts";
import { authorize, usedOf } from "../support/geckoguard-signed.ts";
import { addPlan } from "../support/plans.ts";
import {
  atPortal,
  type Customer,
  claim,
  customer,
  customerOf,
  dataOf,
  openGecko,
  openPortal,
  PASSWORD,
  type Portal,
  portalLicense,
} from "../support/portal.ts";
import { putFile } from "../support/product-files.ts";
import { OTHER_PRODUCT_ID, settings } from "../support/records.ts";
import { DAY, HOUR, type Json, MINUTE, type Reply, type World } from "../support/world.ts";

const UUID = "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10";
let world: World;
let portal: Portal;
let hashed: number;
async function open(limits: Partial<DashboardSettings> = {}) {
  await world?.close();
  world = await openGecko({ settings: { dashboard: { ...settings.dashboard, ...limits } } });
  portal = await openPortal(world);
  const { hash, verify } = world.deps.passwords;
  hashed = 0;
  const passwords = {
    hash: (...ask: Parameters<typeof hash>) => {
      hashed += 1;
      return hash(...ask);
    },
    verify: (...ask: Parameters<typeof verify>) => {
      hashed += 1;
      return verify(...ask);
    },
  };
  Object.assign(world.deps, { passwords });
}
beforeEach(() => open());
afterAll(() => world.close());

const register = (body: Json = {}) =>
  atPortal(world, undefined, "POST auth/register", {
    body: { orgSlug: portal.slug, email: "user@example.com", password: PASSWORD, ...body },
  });
const login = (body: Json = {}) =>
  atPortal(world, undefined, "POST auth/login", {
    body: { orgSlug: portal.slug, email: "user@example.com", password: PASSWORD, ...body },
  });
const me = (who: Customer) => atPortal(world, who, "GET me");
const dashboard = (route: string, body?: Json) =>
  as(world, portal.owner, route.replace("ORG", `/v1/dashboard/orgs/${portal.orgId}`), { body });
const ban = (who: Customer, word: "ban" | "unban" = "ban") =>
  dashboard(`POST ORG/end-users/${who.id}/${word}`);
const saidOf = (license: Json) => [license["status"], license["hwidBound"], license["hwidResets"]];
const listed = async (who: Customer) =>
  dataOf(await atPortal(world, who, "GET licenses"))["licenses"] as Json[];

describe("accounts", () => {
  test("201 and 200 in the reference's shape", async () => {
    const shape = {
      ok: true,
      data: {
        endUser: {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          email: "user@example.com",
          username: "Ann.B",
          createdAt: "2026-11-20T09:00:00.000Z",
        },
        token: expect.stringMatching(/^eyJ/),
        org: { id: portal.orgId, slug: "my-company", name: "my-company" },
      },
    };
    const made = await register({ email: " User@Example.com", username: "Ann.B" });
    expect([made.status, made.body]).toEqual([201, shape]);
    const again = await login({ email: "USER@example.com" });
    expect([again.status, again.body]).toEqual([200, shape]);
    const mine = await me(customerOf(again));
    expect([mine.status, mine.body]).toEqual([
      200,
      { ok: true, data: { endUser: shape.data.endUser } },
    ]);
    const [, payload = ""] = customerOf(again).token.split(".");
    const issued = Math.floor(world.clock.now() / 1000);
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({
      ...{ sub: customerOf(again).id, org: portal.orgId, typ: "enduser", gen: 0 },
      ...{ jti: expect.any(String), iat: issued, exp: issued + 7 * 86_400 },
    });
  });

  test("409 for an address or a user name that the organization has, in any case; another has both", async () => {
    await register({ username: "ann" });
    expect(said(await register({ email: "USER@example.com" }))).toEqual([409, "CONFLICT"]);
    const second = { email: "other@example.com" };
    expect(said(await register({ ...second, username: "ANN" }))).toEqual([409, "CONFLICT"]);
    expect((await register({ ...second, username: "ann2" })).status).toBe(201);
    const elsewhere = await openPortal(world, "elsewhere");
    const there = await register({ orgSlug: elsewhere.slug, username: "ann" });
    expect(there.status).toBe(201);
    expect(said(await login({ orgSlug: elsewhere.slug, email: "other@example.com" }))).toEqual([
      401,
      "UNAUTHORIZED",
    ]);
  });

  test("of ten who want one address, one has it", async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => register({ username: "ann" })));
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  test.each([
    [{ password: "1234567" }, "password"],
    [{ password: "x".repeat(129) }, "password"],
    [{ email: "nobody" }, "email"],
    [{ username: "ab" }, "username"],
    [{ username: "x".repeat(33) }, "username"],
    [{ username: "a@b.de" }, "username"],
    [{ username: ".ann" }, "username"],
    [{ orgSlug: undefined }, "orgSlug"],
  ])("400 names what is wrong with %j", async (wrong, path) => {
    const reply = await register(wrong);
    expect([...said(reply), detailsOf(reply)]).toEqual([400, "VALIDATION_ERROR", [path]]);
    expect(hashed).toBe(0);
  });

  test("404 for a slug that nobody has, and where the portal is off", async () => {
    const who = customerOf(await register());
    for (const orgSlug of ["nobodys", "My-Company", "%", portal.orgId]) {
      expect(said(await register({ orgSlug }))).toEqual([404, "NOT_FOUND"]);
      expect(said(await login({ orgSlug }))).toEqual([404, "NOT_FOUND"]);
    }
    await dashboard("PATCH ORG", { portalEnabled: false });
    expect(said(await register({ email: "b@example.com" }))).toEqual([404, "NOT_FOUND"]);
    expect(said(await login())).toEqual([404, "NOT_FOUND"]);
    world.clock.advance(MINUTE);
    expect(said(await me(who))).toEqual([404, "NOT_FOUND"]);
    await dashboard("PATCH ORG", { portalEnabled: true });
    world.clock.advance(MINUTE);
    expect((await me(who)).status).toBe(200);
  });

  test("an account of the native API has a portal once an owner of it gave it a slug", async () => {
    await geckoKey(world, "prod_native", { creatorId: "studio" });
    const { email } = portal.owner;
    const added = await world.admin("addMember", { creatorId: "studio", email, role: "OWNER" });
    expect(said(await register({ orgSlug: "studio" }))[0]).toBe(404);
    const orgs = dataOf(await as(world, portal.owner, "GET /v1/dashboard/orgs"))["orgs"] as Json[];
    const studio = orgs.find(({ name }) => name === "studio");
    expect([added["success"], studio]).toEqual([true, expect.anything()]);
    const body = { slug: "studio-one", portalEnabled: true };
    await as(world, portal.owner, `PATCH /v1/dashboard/orgs/${studio?.["id"]}`, { body });
    const made = await register({ orgSlug: "studio-one" });
    expect([made.status, dataOf(made)["org"]]).toEqual([
      201,
      { id: studio?.["id"], slug: "studio-one", name: "studio" },
    ]);
  });
});

describe("tokens", () => {
  test("good for seven days; 401 EXPIRED_TOKEN after", async () => {
    const who = await customer(world, portal);
    world.clock.advance(7 * DAY - 1);
    expect((await me(who)).status).toBe(200);
    world.clock.advance(1);
    expect(said(await me(who))).toEqual([401, "EXPIRED_TOKEN"]);
  });

  test("logout blocks the token and no other", async () => {
    const who = await customer(world, portal);
    const other = customerOf(await login());
    const out = await atPortal(world, who, "POST auth/logout");
    expect([out.status, out.body]).toEqual([200, { ok: true, data: { loggedOut: true } }]);
    expect(said(await me(who))).toEqual([401, "UNAUTHORIZED"]);
    expect(said(await atPortal(world, who, "POST auth/logout"))).toEqual([401, "UNAUTHORIZED"]);
    expect((await me(other)).status).toBe(200);
  });

  test("the list of blocked ones stays short, and no blocked one comes back", async () => {
    const first = await customer(world, portal);
    await atPortal(world, first, "POST auth/logout");
    for (let time = 0; time < 50; time++) {
      await atPortal(world, customerOf(await login()), "POST auth/logout");
    }
    const stored = await world.store.get(endUsers, first.id);
    expect([stored?.blockedTokens, stored?.tokenGeneration]).toEqual([[], 1]);
    expect(said(await me(first))).toEqual([401, "UNAUTHORIZED"]);
    const next = customerOf(await login());
    expect((await me(next)).status).toBe(200);
    await atPortal(world, next, "POST auth/logout");
    world.clock.advance(7 * DAY);
    await atPortal(world, customerOf(await login()), "POST auth/logout");
    expect((await world.store.get(endUsers, first.id))?.blockedTokens).toHaveLength(1);
  });

  test("neither surface takes the other's token, nor a forged one", async () => {
    const who = await customer(world, portal);
    const { accessToken } = portal.owner;
    expect(said(await me({ ...who, token: accessToken }))).toEqual([401, "UNAUTHORIZED"]);
    const there = { ...portal.owner, accessToken: who.token };
    for (const route of ["GET /v1/dashboard/me", "GET /v1/dashboard/orgs"]) {
      expect(said(await as(world, there, route))).toEqual([401, "UNAUTHORIZED"]);
    }
    const [header, payload = "", signature] = who.token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Json;
    const sign = (more: Json, surface: "access" | "enduser" = "enduser", alg = "HS256") =>
      new SignJWT({ ...claims, ...more })
        .setProtectedHeader({ alg })
        .sign(world.deps.accessTokenKeys[surface]);
    const elsewhere = await openPortal(world, "elsewhere");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const forged = [
      `${none}.${payload}.`,
      `${header}.${payload}.${signature?.slice(2)}AA`,
      await sign({}, "access"),
      await sign({}, "enduser", "HS512"),
      await sign({ typ: "access" }),
      await sign({ org: elsewhere.orgId }),
      await sign({ sub: UUID }),
      await sign({ gen: 1 }),
      await sign({ jti: undefined }),
      await sign({ exp: undefined }),
    ];
    for (const token of forged) {
      expect([token, ...said(await me({ ...who, token }))]).toEqual([token, 401, "UNAUTHORIZED"]);
    }
    expect((await me({ ...who, token: await sign({}) })).status).toBe(200);
    expect(said(await geckoCall(world, "GET /v1/enduser/me", portal.key))).toEqual([
      401,
      "UNAUTHORIZED",
    ]);
  });

  test("404 and 405 for a path or method that is not there; a path that takes no token asks for none", async () => {
    const who = await customer(world, portal);
    const mine = (route: string) => atPortal(world, who, route).then(said);
    expect(await mine("GET nothing")).toEqual([404, "NOT_FOUND"]);
    expect(await mine("GET me/")).toEqual([404, "NOT_FOUND"]);
    expect(await mine("POST me")).toEqual([405, "METHOD_NOT_ALLOWED"]);
    expect(said(await atPortal(world, undefined, "GET auth/login"))).toEqual([
      405,
      "METHOD_NOT_ALLOWED",
    ]);
    expect(said(await atPortal(world, undefined, "POST me"))).toEqual([401, "UNAUTHORIZED"]);
    world.clock.advance(7 * DAY);
    expect(await mine("GET nothing")).toEqual([401, "EXPIRED_TOKEN"]);
  });

  test("any site's browser may call; nothing unknown is told without a token", async () => {
    const headers = { origin: "https://anywhere.example.com" };
    const reply = await atPortal(world, undefined, "GET nothing", { headers });
    expect(said(reply)).toEqual([401, "UNAUTHORIZED"]);
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
    const asked = await atPortal(world, undefined, "OPTIONS auth/login", { headers });
    expect([asked.status, asked.headers.get("access-control-allow-headers")]).toEqual([
      204,
      expect.stringContaining("Authorization"),
    ]);
  });
});

describe("guessing", () => {
  async function cost(call: () => Promise<Reply>) {
    const before = hashed;
    const reply = await call();
    return { said: [reply.status, reply.body], ...world.touched(), hashes: hashed - before };
  }

  test("a wrong password, a ban behind it and an address that nobody has: the same words and work", async () => {
    const who = await customer(world, portal);
    const wrong = await cost(() => login({ password: "wrong password" }));
    const nobody = await cost(() => login({ email: "no@example.com", password: "wrong password" }));
    await ban(who);
    const banned = await cost(() => login({ password: "wrong password" }));
    const words = { code: "UNAUTHORIZED", message: "Invalid email or password" };
    expect(wrong).toEqual({
      said: [401, { ok: false, error: words }],
      ...{ reads: 6, writes: 1, aggregates: 0, hashes: 1 },
    });
    expect([nobody, banned]).toEqual([wrong, wrong]);
    expect(said(await login())).toEqual([403, "USER_BANNED"]);
  });

  test.each(["user@example.com", "nobody@example.com"])(
    "ten failures lock %s here, and nowhere else",
    async (email) => {
      await customer(world, portal);
      const elsewhere = await openPortal(world, "elsewhere");
      await customer(world, elsewhere, email);
      for (let time = 0; time < 10; time++) await login({ email, password: "wrong password" });
      const locked = await login({ email });
      expect([...said(locked), locked.headers.get("retry-after")]).toEqual([
        429,
        "RATE_LIMITED",
        "60",
      ]);
      expect((await login({ email, orgSlug: elsewhere.slug })).status).toBe(200);
      world.clock.advance(MINUTE);
      expect((await login({ email }))?.status).toBe(email.startsWith("user") ? 200 : 401);
    },
  );

  test("login and registration are limited by address and by e-mail", async () => {
    await open({ authPerAddress: 10, authPerEmail: 5 });
    const all: unknown[] = [];
    for (let time = 0; time < 6; time++) all.push((await login()).status);
    expect(all).toEqual([401, 401, 401, 401, 401, 429]);
    for (let time = 0; time < 4; time++) await login({ email: `${time}@example.com` });
    const full = await login({ email: "x@example.com" });
    expect([...said(full), full.headers.get("retry-after")]).toEqual([429, "RATE_LIMITED", "60"]);
    for (let time = 0; time < 10; time++) await register({ email: `${time}@example.com` });
    expect(said(await register({ email: "x@example.com" }))).toEqual([429, "RATE_LIMITED"]);
  });

  test("the store and the log hold no password and no token", async () => {
    const { id, token } = await customer(world, portal);
    const stored = JSON.stringify([await world.store.get(endUsers, id), world.logs]);
    for (const secret of [PASSWORD, token]) expect(stored).not.toContain(secret);
  });
});

describe("bans", () => {
  test("403 USER_BANNED on every path, also with a token from before; and not after", async () => {
    const who = await customer(world, portal);
    const { licenseId, licenseKey } = await portalLicense(world, portal);
    await claim(world, who, portal, licenseKey);
    const banned = await ban(who);
    expect([banned.status, dataOf(banned)]).toEqual([
      200,
      {
        endUser: {
          ...{ id: who.id, username: null, email: who.email },
          ...{ bannedAt: "2026-11-20T09:00:00.000Z", createdAt: "2026-11-20T09:00:00.000Z" },
          licenses: [expect.objectContaining({ id: licenseId })],
        },
      },
    ]);
    const body = { orgSlug: portal.slug, licenseKey, productId: portal.key.productId };
    for (const route of [
      "GET me",
      "GET licenses",
      "POST licenses/activate",
      "POST licenses/verify",
      `POST licenses/${licenseId}/reset-hwid`,
      `GET licenses/${licenseId}/downloads`,
      "POST auth/logout",
    ]) {
      const sent = route.startsWith("POST") ? { body } : {};
      const reply = await atPortal(world, who, route, sent);
      expect([route, ...said(reply)]).toEqual([route, 403, "USER_BANNED"]);
    }
    expect(said(await register())).toEqual([409, "CONFLICT"]);
    await ban(who, "unban");
    expect((await me(who)).status).toBe(200);
  });

  test("it is audited once, and is 404 for those of others", async () => {
    const who = await customer(world, portal);
    await ban(who);
    await ban(who);
    const { items } = await world.store.query(auditEntries, "byAccount", {
      equal: { accountId: portal.orgId },
      limit: 100,
    });
    const about = items.filter(({ targetId }) => targetId === who.id);
    expect(about.map(({ action, actor, after }) => [action, actor.kind, after])).toEqual([
      ["end_user.ban", "user", { bannedAt: world.clock.now() }],
    ]);
    const elsewhere = await customer(world, await openPortal(world, "elsewhere"));
    expect(said(await ban(elsewhere))).toEqual([404, "NOT_FOUND"]);
    expect((await me(elsewhere)).status).toBe(200);
  });
});

describe("claims", () => {
  let who: Customer;
  beforeEach(async () => {
    who = await customer(world, portal);
  });

  test("200 links the license and counts it; again it is unchanged; 409 for another account", async () => {
    const { licenseId, licenseKey } = await portalLicense(world, portal);
    const done = await claim(world, who, portal, licenseKey);
    const license = {
      ...{ licenseId, status: "ACTIVE", expiresAt: null, hwidBound: false },
      product: { id: portal.key.productId, name: "prod_my-company" },
      hwidResets: { used: 0, max: 3, nextAllowedAt: null },
    };
    expect([done.status, done.body]).toEqual([200, { ok: true, data: { license } }]);
    const again = await claim(world, who, portal, licenseKey);
    expect([again.status, again.body, world.touched().writes]).toEqual([200, done.body, 0]);
    const other = await customer(world, portal, "other@example.com");
    expect(said(await claim(world, other, portal, licenseKey))).toEqual([409, "ALREADY_CLAIMED"]);
    expect(await listed(who)).toEqual([license]);
    expect(await listed(other)).toEqual([]);
    const stored = await licenseOf(world, licenseKey);
    expect([stored.endUserId, stored.email]).toEqual([who.id, who.email]);
    const { licenseCounts, productIds } = (await world.store.get(endUsers, who.id)) ?? {};
    const { productId } = portal.key;
    expect([licenseCounts, productIds]).toEqual([{ [productId]: 1 }, [productId]]);
    const seen = await geckoCall(world, `GET /v1/products/${productId}/end-users`, portal.key);
    expect(dataOf(seen)["endUsers"]).toMatchObject([{ id: who.id, licenses: [{ id: licenseId }] }]);
  });

  test("404 for a key that nobody has, for another organization's, and under another's slug", async () => {
    const elsewhere = await openPortal(world, "elsewhere");
    const { licenseKey: foreign } = await portalLicense(world, elsewhere);
    const { licenseKey } = await portalLicense(world, portal);
    const unknown = await claim(world, who, portal, "no-such-key");
    expect(said(unknown)).toEqual([404, "NOT_FOUND"]);
    expect((await claim(world, who, portal, foreign)).body).toEqual(unknown.body);
    for (const slug of ["elsewhere", "nobodys"]) {
      expect(said(await claim(world, who, { slug }, licenseKey))).toEqual([404, "NOT_FOUND"]);
      expect(said(await claim(world, who, { slug }, foreign))).toEqual([404, "NOT_FOUND"]);
    }
    expect((await licenseOf(world, foreign)).endUserId).toBeNull();
  });

  test("a native license is claimed too, shown natively with its new address, and told in the audit log", async () => {
    const licenseKey = await world.license({
      creatorId: portal.orgId,
      productId: "prod_my-company",
    });
    expect((await claim(world, who, portal, licenseKey)).status).toBe(200);
    const shown = await world.admin("getLicense", { licenseKey });
    expect(shown["license"] ?? shown).toMatchObject({ email: who.email });
    const { id } = await licenseOf(world, licenseKey);
    const { items } = await world.store.query(auditEntries, "byTarget", {
      equal: { targetId: id },
      limit: 10,
    });
    const claimed = items.find(({ action }) => action === "license.claim");
    expect([claimed?.actor, claimed?.after]).toEqual([
      { kind: "end-user", keyId: null, userId: who.id },
      { email: who.email, endUserId: who.id },
    ]);
    await world.admin("listAuditLog", { creatorId: portal.orgId });
  });

  test("an Idempotency-Key gives a claim its first answer again", async () => {
    const { licenseKey } = await portalLicense(world, portal);
    const ask = {
      body: { orgSlug: portal.slug, licenseKey },
      headers: { "Idempotency-Key": "one" },
    };
    const first = await atPortal(world, who, "POST licenses/activate", ask);
    const second = await atPortal(world, who, "POST licenses/activate", ask);
    expect([second.body, second.headers.get("idempotent-replayed")]).toEqual([first.body, "true"]);
  });
});

describe("an own license", () => {
  let who: Customer;
  let licenseId: string;
  let licenseKey: string;
  const policyOverride = {
    v: 1,
    limits: { hwid: { mode: "sticky" }, resetBudget: { hwid: { max: 2, cooldownHours: 24 } } },
  };
  const reset = (by = who, id = licenseId) => atPortal(world, by, `POST licenses/${id}/reset-hwid`);
  const verify = (more: Json = {}, by = who) =>
    atPortal(world, by, "POST licenses/verify", {
      body: { productId: portal.key.productId, ...more },
    });
  beforeEach(async () => {
    who = await customer(world, portal);
    ({ licenseId, licenseKey } = await portalLicense(world, portal, { policyOverride }));
    await claim(world, who, portal, licenseKey);
  });

  test("resets obey the pause, then the budget; the merchant's count and are not limited", async () => {
    await verify({ hwid: "one" });
    expect((await listed(who)).map(saidOf)).toEqual([
      ["ACTIVE", true, { used: 0, max: 2, nextAllowedAt: null }],
    ]);
    const first = await reset();
    const nextAllowedAt = "2026-11-21T09:00:00.000Z";
    expect([first.status, dataOf(first)]).toEqual([
      200,
      { licenseId, cleared: 1, resets: { used: 1, max: 2, remaining: 1, nextAllowedAt } },
    ]);
    expect((await listed(who)).map(saidOf)).toEqual([
      ["ACTIVE", false, { used: 1, max: 2, nextAllowedAt }],
    ]);
    expect((await usedOf(world, licenseKey)).hwids).toBe(0);
    world.clock.advance(23 * HOUR);
    const early = await reset();
    expect([...said(early), early.headers.get("retry-after")]).toEqual([
      403,
      "LIMIT_REACHED",
      "3600",
    ]);
    world.clock.advance(HOUR);
    expect((await reset()).status).toBe(200);
    world.clock.advance(DAY);
    const spent = await reset();
    expect([...said(spent), spent.headers.get("retry-after")]).toEqual([
      403,
      "LIMIT_REACHED",
      null,
    ]);
    const path = `/v1/products/${portal.key.productId}/licenses/${licenseId}/reset-hwid`;
    const merchants = await geckoCall(world, `POST ${path}`, portal.key);
    expect([merchants.status, dataOf(merchants)["resets"]]).toMatchObject([200, { used: 3 }]);
  });

  test("one of somebody else is 404 everywhere, as one that is not there", async () => {
    const other = await customer(world, portal, "other@example.com");
    for (const [method, tail] of [
      ["POST", "reset-hwid"],
      ["GET", "downloads"],
    ]) {
      const foreign = await atPortal(world, other, `${method} licenses/${licenseId}/${tail}`);
      const absent = await atPortal(world, other, `${method} licenses/${UUID}/${tail}`);
      expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
      expect(said(await atPortal(world, other, `${method} licenses/slug/${tail}`))[0]).toBe(400);
    }
    const denied = await verify({}, other);
    expect([denied.status, denied.body]).toEqual([
      404,
      {
        ...{ ok: false, allow: false, error: "LICENSE_NOT_FOUND" },
        ...{ reasonCode: "LICENSE_NOT_FOUND", message: "License key not found" },
      },
    ]);
  });

  test("verify answers in authorize's flat body, and binds and denies as it does", async () => {
    const granted = await verify({ hwid: "one", sessionId: "run" });
    expect([granted.status, granted.body]).toEqual([
      200,
      {
        ...{ ok: true, allow: true, reasonCode: "ALLOW", message: "Authorization granted" },
        policy: { summary: "Authorization granted" },
        limits: { remaining: { hwid: 0, ip: "unlimited", concurrency: "unlimited" } },
        activatedAt: "2026-11-20T09:00:00.000Z",
        ...{ effectiveExpiresAt: null, expiresAt: null, expiresAfterDays: null },
      },
    ]);
    const denied = await verify({ hwid: "two" });
    expect([denied.status, denied.body]).toEqual([
      403,
      {
        ...{ ok: false, allow: false, reasonCode: "HWID_MISMATCH" },
        message: "Hardware ID does not match bound device",
      },
    ]);
    const keyed = { licenseKey, hwid: "two" };
    expect((await authorize(world, portal.key, keyed)).body).toEqual(denied.body);
    await geckoCall(
      world,
      `POST /v1/products/${portal.key.productId}/licenses/${licenseId}/revoke`,
      portal.key,
    );
    expect(await verify({ hwid: "one" })).toMatchObject({
      ...{ status: 403, body: { reasonCode: "LICENSE_REVOKED" } },
    });
    expect(said(await verify({ productId: "slug" }))).toEqual([400, "VALIDATION_ERROR"]);
    expect((await verify({ productId: UUID })).status).toBe(404);
  });

  test("verify takes, of several, the license that knows the device, and a free one else", async () => {
    await verify({ hwid: "one" });
    world.clock.advance(1_000);
    const second = await portalLicense(world, portal, { policyOverride });
    await claim(world, who, portal, second.licenseKey);
    expect((await verify({ hwid: "one" })).status).toBe(200);
    expect((await usedOf(world, second.licenseKey)).hwids).toBe(0);
    expect((await verify({ hwid: "two" })).status).toBe(200);
    expect((await usedOf(world, second.licenseKey)).hwids).toBe(1);
    expect((await verify({ hwid: "three" })).status).toBe(403);
  });

  test("a request costs its end user, and what it shows", async () => {
    await me(who);
    const another = await portalLicense(world, portal);
    const costs: unknown[] = [];
    await claim(world, who, portal, another.licenseKey);
    const { reads, writes, aggregates } = world.touched();
    costs.push(["claim", reads, writes, aggregates]);
    for (const route of [
      "GET me",
      "GET licenses",
      `GET licenses/${licenseId}/downloads`,
      `POST licenses/${licenseId}/reset-hwid`,
      "POST auth/logout",
    ]) {
      await atPortal(world, who, route);
      const { reads, writes, aggregates } = world.touched();
      costs.push([route.split(/[ /]/).at(-1), reads, writes, aggregates]);
    }
    expect(costs).toEqual([
      ["claim", 7, 4, 0],
      ["me", 1, 0, 0],
      ["licenses", 4, 0, 1],
      ["downloads", 3, 0, 0],
      ["reset-hwid", 4, 3, 0],
      ["logout", 2, 1, 0],
    ]);
  });

  test("who has many is shown them page by page", async () => {
    const { productId } = portal.key;
    await geckoCall(world, `POST /v1/products/${productId}/licenses`, portal.key, {
      body: { count: 4, endUserId: who.id },
    });
    const page = await atPortal(world, who, "GET licenses?page=2&pageSize=3");
    expect(dataOf(page)).toMatchObject({
      pagination: { page: 2, pageSize: 3, total: 5, totalPages: 2 },
    });
    expect(dataOf(page)["licenses"]).toHaveLength(2);
    const ids = (await listed(who)).map(({ licenseId: id }) => id);
    expect(new Set(ids).size).toBe(5);
  });

  describe("downloads", () => {
    async function* bytes() {
      yield Buffer.from("0123456789");
    }
    async function added(more: Partial<ProductFile> = {}): Promise<ProductFile> {
      const made = await putFile(world.deps, {
        ...{ productId: portal.key.productId, name: "Installer", filename: "setup.exe" },
        ...{ versionId: null, planId: null, public: false, bytes: bytes() },
        ...more,
      });
      if (!made.ok) throw new Error(made.code);
      return made.file;
    }
    const downloads = async (by = who) =>
      dataOf(await atPortal(world, by, `GET licenses/${licenseId}/downloads`))["files"] as Json[];
    const follow = async (url: unknown) => {
      const reply = await fetch(String(url));
      const text = await reply.text();
      await world.settled();
      return { status: reply.status, text, headers: reply.headers };
    };
    const errorIn = ({ status, text }: { status: number; text: string }) => [
      status,
      (JSON.parse(text) as { error: Json }).error["code"],
    ];

    test("the product's files with a link that gives the bytes, and a range of them, for five minutes", async () => {
      const file = await added();
      const elsewhere = await openPortal(world, "elsewhere");
      await added({ productId: elsewhere.key.productId });
      const files = await downloads();
      expect(files).toEqual([
        {
          ...{ id: file.id, productId: portal.key.productId, name: "Installer" },
          ...{ filename: "setup.exe", size: 10, mimeType: "application/octet-stream" },
          ...{ sha256: file.sha256, versionId: null, planId: null, public: false, downloads: 0 },
          createdAt: "2026-11-20T09:00:00.000Z",
          downloadUrl: expect.stringMatching(
            new RegExp(`^${world.url}/v1/product-files/download/${file.id}\\?user=`),
          ),
        },
      ]);
      const url = String(files[0]?.["downloadUrl"]);
      const whole = await follow(url);
      expect([whole.status, whole.text]).toEqual([200, "0123456789"]);
      expect(whole.headers.get("content-disposition")).toContain("setup.exe");
      const part = await fetch(url, { headers: { range: "bytes=2-3" } });
      expect([part.status, await part.text()]).toEqual([206, "23"]);
      const head = await fetch(url, { method: "HEAD" });
      expect([head.status, head.headers.get("etag")]).toEqual([200, `"${file.sha256}"`]);
      expect((await downloads())[0]).toMatchObject({ downloads: 1 });
      world.clock.advance(5 * MINUTE - 1);
      expect((await follow(url)).status).toBe(200);
      world.clock.advance(1);
      expect(errorIn(await follow(url))).toEqual([403, "FORBIDDEN"]);
    });

    test("401 for a link that was altered in any part, or made for another file or person", async () => {
      await added();
      const other = await added({ name: "Other" });
      const own = (await downloads()).find(({ id }) => id !== other.id);
      const url = new URL(String(own?.["downloadUrl"]));
      const altered: Record<string, string> = {
        user: UUID,
        expires: String(Number(url.searchParams.get("expires")) + 1),
        signature: `A${url.searchParams.get("signature")?.slice(1, -1)}`,
      };
      for (const [name, value] of Object.entries(altered)) {
        const wrong = new URL(url);
        wrong.searchParams.set(name, value);
        expect([name, ...errorIn(await follow(wrong))]).toEqual([name, 401, "UNAUTHORIZED"]);
        wrong.searchParams.delete(name);
        expect([400, 401]).toContain((await follow(wrong)).status);
      }
      const elsewhere = String(url).replace(String(own?.["id"]), other.id);
      expect(errorIn(await follow(elsewhere))).toEqual([401, "UNAUTHORIZED"]);
      expect((await follow(`${url}&signature=x`)).status).toBe(400);
      expect((await follow(url)).status).toBe(200);
    });

    test("files of a plan are for a license that was sold as it, while that stands", async () => {
      const { productId } = portal.key;
      const plan = async () => String((await addPlan(world, portal.owner, productId))["id"]);
      const planId = await plan();
      const own = await added({ planId });
      const other = await added({ planId: await plan(), name: "Other" });
      expect(await downloads()).toEqual([]);
      await changeLicense(world, licenseKey, { planId });
      const [shown, ...others] = await downloads();
      expect([shown, others]).toEqual([expect.objectContaining({ id: own.id }), []]);
      const url = String(shown?.["downloadUrl"]);
      expect((await follow(url)).text).toBe("0123456789");
      expect(errorIn(await follow(url.replace(own.id, other.id)))).toEqual([401, "UNAUTHORIZED"]);

      const unlockedProducts = [{ id: productId, handle: "prod_my-company" }];
      await changeLicense(world, licenseKey, { productId: OTHER_PRODUCT_ID, unlockedProducts });
      expect(await downloads()).toEqual([]);
      await changeLicense(world, licenseKey, { productId, unlockedProducts: [] });

      const now = world.clock.now();
      for (const over of [{ status: "revoked" }, { status: "suspended" }, { expiresAt: now }]) {
        await changeLicense(world, licenseKey, over as Partial<License>);
        expect([over, await downloads()]).toEqual([over, []]);
        await changeLicense(world, licenseKey, { status: "active", expiresAt: now + 1 });
        expect(await downloads()).toHaveLength(1);
      }
    });

    test("a ban ends links; a revoked license gives none", async () => {
      await added();
      const [file] = await downloads();
      await ban(who);
      expect(errorIn(await follow(file?.["downloadUrl"]))).toEqual([403, "USER_BANNED"]);
      await ban(who, "unban");
      const path = `/v1/products/${portal.key.productId}/licenses/${licenseId}/revoke`;
      await geckoCall(world, `POST ${path}`, portal.key);
      expect(await downloads()).toEqual([]);
    });
  });
});

test("the dashboard lists end users with the filters of the keys' surface, 100 on a page at most", async () => {
  const who = await customer(world, portal);
  await customer(world, portal, "other@example.com");
  await customer(world, await openPortal(world, "elsewhere"), "third@example.com");
  const list = async (query: string) => dataOf(await dashboard(`GET ORG/end-users?${query}`));
  const all = await list("pageSize=500");
  expect(all).toMatchObject({ pagination: { page: 1, pageSize: 100, total: 2, totalPages: 1 } });
  const emails = (page: Json) => (page["endUsers"] as Json[]).map(({ email }) => email).sort();
  expect(emails(all)).toEqual(["other@example.com", who.email]);
  expect(emails(await list("email=USER@example.com"))).toEqual([who.email]);
  expect(emails(await list("search=OTHER"))).toEqual(["other@example.com"]);
});

test("no request makes the portal fail", async () => {
  const who = await customer(world, portal);
  const { licenseId, licenseKey } = await portalLicense(world, portal);
  await claim(world, who, portal, licenseKey);
  const segment = fc.oneof(
    fc.constantFrom("auth", "register", "login", "me", "licenses", "activate", "verify"),
    fc.constantFrom(licenseId, "reset-hwid", "downloads", "%", "%00", "__proto__"),
    fc.string().map(encodeURIComponent),
  );
  const value = fc.oneof(
    fc.constantFrom(portal.slug, portal.key.productId, licenseKey, "a@example.com", PASSWORD, "\0"),
    fc.jsonValue(),
  );
  const name = fc.constantFrom(
    "orgSlug",
    "email",
    "password",
    "username",
    "licenseKey",
    "productId",
  );
  const request = fc.record({
    route: fc.oneof(
      fc.constantFrom("auth/register", "auth/login", "licenses/activate", "licenses/verify"),
      fc.array(segment, { maxLength: 4 }).map((parts) => parts.join("/")),
    ),
    method: fc.constantFrom("GET", "POST", "PATCH", "DELETE"),
    raw: fc.oneof(
      fc.dictionary(name, value).map((body) => JSON.stringify(body)),
      fc.string(),
    ),
    known: fc.boolean(),
    query: fc.webQueryParameters(),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ route, method, raw, known, query }) => {
      const path = method === "POST" ? route : `${route}?${query}`;
      const body = method === "GET" ? {} : { raw };
      const reply = await atPortal(world, known ? who : undefined, `${method} ${path}`, body);
      expect(reply.status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
  const link = fc.oneof(fc.constantFrom(UUID, "1795000000", "0", "\0"), fc.string());
  const links = fc.record({ user: link, expires: link, signature: link });
  await fc.assert(
    fc.asyncProperty(links, async (asked) => {
      const query = new URLSearchParams(asked);
      const path = `GET /v1/product-files/download/${UUID}?${query}`;
      expect((await geckoCall(world, path)).status).toBeLessThan(500);
    }),
    { numRuns: 100 },
  );
  expect(await world.store.count(licenses, "byEndUser", { equal: { endUserId: who.id } })).toBe(1);
}, 60_000);
