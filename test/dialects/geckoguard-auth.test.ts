import fc from "fast-check";
import { SignJWT } from "jose";
import type { DashboardSettings } from "../../functions/src/core/users.ts";
import type { Passwords } from "../../functions/src/crypto/passwords.ts";
import { mails, userSessions, users } from "../../functions/src/store/collections.ts";
import {
  as,
  auth,
  dataOf,
  errorOf,
  openGecko,
  PASSWORD,
  type Person,
  person,
  personOf,
} from "../support/dashboard.ts";
import { geckoCall, geckoKey, said } from "../support/geckoguard.ts";
import { settings } from "../support/records.ts";
import { DAY, HOUR, type Json, MINUTE, type Reply, send, type World } from "../support/world.ts";

let world: World;
let hashed: number;
let readMails: Set<string>;

async function open(dashboard: Partial<DashboardSettings> = {}) {
  await world?.close();
  world = await openGecko({ settings: { dashboard: { ...settings.dashboard, ...dashboard } } });
  hashed = 0;
  readMails = new Set();
  const { hash, verify } = world.deps.passwords;
  const counted: Passwords = {
    hash: (...ask) => {
      hashed += 1;
      return hash(...ask);
    },
    verify: (...ask) => {
      hashed += 1;
      return verify(...ask);
    },
  };
  Object.assign(world.deps, { passwords: counted });
}
beforeEach(() => open());
afterAll(() => world.close());

const login = (email: string, password = PASSWORD) => auth(world, "login", { email, password });
const refresh = (refreshToken: string) => auth(world, "refresh", { refreshToken });
const me = (who: Person) => as(world, who, "GET /v1/dashboard/me");
/** What a call cost: documents and hashes. */
async function cost(call: () => Promise<Reply>) {
  const before = hashed;
  const reply = await call();
  return { reply, cost: { ...world.touched(), hashes: hashed - before } };
}
const sentMails = async () => (await world.store.query(mails, "due", { limit: 100 })).items;
/** The token in the mail of that kind that was not read yet. */
async function mailed(kind: string): Promise<string> {
  const mail = (await sentMails()).find((one) => one.kind === kind && !readMails.has(one.id));
  readMails.add(mail?.id ?? "");
  return /gg[vp]_[\w-]+/.exec(mail?.message.text ?? "")?.[0] ?? "";
}
const UNAUTHORIZED = [401, "UNAUTHORIZED"];
const user = (email: string) => ({
  id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  email,
  name: "You",
  emailVerified: true,
  totpEnabled: false,
  createdAt: "2026-11-20T09:00:00.000Z",
});
const tokens = {
  accessToken: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
  refreshToken: expect.stringMatching(/^ggr_[\w-]{64}$/),
  tokenType: "Bearer",
  accessTokenExpiresAt: "2026-11-20T09:15:00.000Z",
  refreshTokenExpiresAt: "2026-12-20T09:00:00.000Z",
};

describe("registration and login", () => {
  test("201 and 200 in the reference's shapes, and nothing besides", async () => {
    const body = { email: " You@Example.com ", password: PASSWORD, name: "You" };
    const made = await auth(world, "register", body);
    const shape = { ok: true, data: { user: user("you@example.com"), tokens } };
    expect([made.status, made.body]).toEqual([201, shape]);
    const again = await login("YOU@example.com");
    expect([again.status, again.body]).toEqual([200, shape]);
    expect(world.touched()).toEqual({ reads: 4, writes: 2, aggregates: 0 });
    expect(personOf(again).refreshToken).not.toBe(personOf(made).refreshToken);
  });

  test("409 for an address that is taken, whoever comes first of many", async () => {
    const body = { email: "you@example.com", password: PASSWORD };
    const all = await Promise.all(Array.from({ length: 10 }, () => auth(world, "register", body)));
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(said(await auth(world, "register", body))).toEqual([409, "CONFLICT"]);
  });

  test.each([
    [{ password: "1234567" }, "password"],
    [{ password: "x".repeat(257) }, "password"],
    [{ password: 12345678 }, "password"],
    [{ password: undefined }, "password"],
    [{ email: "nobody" }, "email"],
    [{ email: undefined }, "email"],
    [{ name: "x".repeat(101) }, "name"],
  ])("400 names what is wrong with %j", async (wrong, path) => {
    const body = { email: "you@example.com", password: PASSWORD, ...wrong };
    const reply = await auth(world, "register", body);
    expect([reply.status, errorOf(reply)]).toEqual([
      400,
      {
        code: "VALIDATION_ERROR",
        message: "Request validation failed",
        details: [expect.objectContaining({ path })],
      },
    ]);
    expect(hashed).toBe(0);
  });

  test("a password is the same however its letters are composed", async () => {
    await auth(world, "register", { email: "a@example.com", password: "Zürich 8001" });
    const decomposed = "Zürich 8001".normalize("NFD");
    expect((await login("a@example.com", decomposed)).status).toBe(200);
  });

  test("a wrong password and an address that nobody has get the same words for the same work", async () => {
    await person(world);
    const wrong = await cost(() => login("you@example.com", "wrong password"));
    const nobody = await cost(() => login("nobody@example.com", "wrong password"));
    const words = { code: "UNAUTHORIZED", message: "Invalid email or password" };
    expect([wrong.reply.status, wrong.reply.body]).toEqual([401, { ok: false, error: words }]);
    expect([nobody.reply.status, nobody.reply.body]).toEqual([401, { ok: false, error: words }]);
    expect(nobody.cost).toEqual(wrong.cost);
    expect(wrong.cost.hashes).toBe(1);
  });

  test("403 REGISTRATION=invited lets nobody register", async () => {
    await open({ openRegistration: false });
    const body = { email: "you@example.com", password: PASSWORD };
    expect(said(await auth(world, "register", body))).toEqual([403, "FORBIDDEN"]);
  });

  test("the hundred-and-first login ends the first", async () => {
    const first = await person(world);
    for (let time = 0; time < 99; time++) await login(first.email);
    expect((await me(first)).status).toBe(200);
    await login(first.email);
    expect(said(await me(first))).toEqual(UNAUTHORIZED);
    const stored = await world.store.getMany(users, [
      world.deps.vault.hash("user-email", first.email),
    ]);
    expect(stored[0]?.sessions).toHaveLength(100);
  });
});

describe("where addresses are verified", () => {
  beforeEach(() => open({ verifyEmails: true }));
  const body = { email: "you@example.com", password: PASSWORD, name: "You" };
  const register = (more: Json = {}) => auth(world, "register", { ...body, ...more });

  test("201 with the user alone; 403 until the link was used, once", async () => {
    const made = await register();
    const unverified = { ...user(body.email), emailVerified: false };
    expect([made.status, dataOf(made)]).toEqual([201, { user: unverified }]);
    const early = await login(body.email);
    const error = { code: "FORBIDDEN", message: "Email not verified" };
    expect([early.status, errorOf(early)]).toEqual([403, error]);
    expect(said(await login(body.email, "wrong password"))).toEqual(UNAUTHORIZED);
    const token = await mailed("verify-email");
    const verified = await auth(world, "verify-email", { token });
    expect([verified.status, dataOf(verified)]).toEqual([200, { user: user(body.email) }]);
    expect((await login(body.email)).status).toBe(200);
    expect(said(await auth(world, "verify-email", { token }))).toEqual([400, "VALIDATION_ERROR"]);
  });

  test("a taken address is answered as a new one, for the same hash; its owner has a mail and the old password", async () => {
    const first = await cost(() => register());
    await auth(world, "verify-email", { token: await mailed("verify-email") });
    const second = await cost(() => register({ password: "another password" }));
    expect([second.reply.status, second.reply.body]).toEqual([
      first.reply.status,
      first.reply.body,
    ]);
    expect([first.cost.hashes, second.cost.hashes]).toEqual([1, 1]);
    expect((await sentMails()).map(({ kind, to }) => [kind, to]).sort()).toEqual([
      ["already-registered", body.email],
      ["verify-email", body.email],
    ]);
    expect((await login(body.email)).status).toBe(200);
    expect(said(await login(body.email, "another password"))).toEqual(UNAUTHORIZED);
  });

  test("who registers an unverified address again voids the link and the password of before", async () => {
    await register({ password: "of a stranger" });
    const strange = await mailed("verify-email");
    await register();
    expect(said(await auth(world, "verify-email", { token: strange }))[0]).toBe(400);
    await auth(world, "verify-email", { token: await mailed("verify-email") });
    expect(said(await login(body.email, "of a stranger"))).toEqual(UNAUTHORIZED);
    expect((await login(body.email)).status).toBe(200);
  });

  test("who logs in while addresses are taken on trust is registered over by nobody afterwards", async () => {
    const set = (verifyEmails: boolean) =>
      Object.assign(world.deps.settings, { dashboard: { ...settings.dashboard, verifyEmails } });
    await register();
    set(false);
    const early = personOf(await login(body.email));
    set(true);
    await register({ password: "of a stranger" });
    expect((await sentMails()).map(({ kind }) => kind)).toContain("already-registered");
    expect(said(await login(body.email, "of a stranger"))).toEqual(UNAUTHORIZED);
    expect((await login(body.email)).status).toBe(200);
    expect((await me(early)).status).toBe(200);
  });

  test("the link runs out after three days; a new password proves the address, too", async () => {
    await register();
    const token = await mailed("verify-email");
    world.clock.advance(3 * DAY);
    expect(said(await auth(world, "verify-email", { token }))[0]).toBe(400);
    await auth(world, "forgot-password", { email: body.email });
    const link = await mailed("reset-password");
    expect(said(await auth(world, "verify-email", { token: link }))[0]).toBe(400);
    await auth(world, "reset-password", { token: link, password: "a new password" });
    expect((await login(body.email, "a new password")).status).toBe(200);
  });

  test("a link leads to the dashboard, with the token where no server is told it", async () => {
    await open({ verifyEmails: true, url: "https://dashboard.example.com" });
    await register();
    const [mail] = await sentMails();
    const link = /https:\S+/.exec(mail?.message.text ?? "")?.[0] ?? "";
    expect(link).toMatch(/^https:\/\/dashboard\.example\.com\/verify-email#token=ggv_[\w-]{43}$/);
    expect(mail?.message.html).toContain(link);
  });
});

describe("passwords", () => {
  test("a forgotten one: the same answer and documents for a stranger, a mail for a user", async () => {
    await person(world);
    const known = await cost(() => auth(world, "forgot-password", { email: "you@example.com" }));
    const stranger = await cost(() => auth(world, "forgot-password", { email: "no@example.com" }));
    for (const { reply } of [known, stranger]) {
      expect([reply.status, reply.body]).toEqual([200, { ok: true, data: { sent: true } }]);
    }
    expect(stranger.cost).toEqual({ ...known.cost, writes: known.cost.writes - 1 });
    expect((await sentMails()).map(({ to }) => to)).toEqual(["you@example.com"]);
  });

  test("a new one ends every login and every other link, and lets the new password in alone", async () => {
    const first = await person(world);
    const second = personOf(await login(first.email));
    await auth(world, "forgot-password", { email: first.email });
    const other = await mailed("reset-password");
    await auth(world, "forgot-password", { email: first.email });
    const token = await mailed("reset-password");
    const weak = await auth(world, "reset-password", { token, password: "short" });
    expect(said(weak)).toEqual([400, "VALIDATION_ERROR"]);
    const done = await auth(world, "reset-password", { token, password: "a new password" });
    expect([done.status, dataOf(done)]).toEqual([200, { user: user(first.email) }]);
    for (const one of [first, second]) {
      expect(said(await refresh(one.refreshToken))).toEqual(UNAUTHORIZED);
      expect(said(await me(one))).toEqual(UNAUTHORIZED);
    }
    for (const spent of [token, other]) {
      const again = await auth(world, "reset-password", {
        token: spent,
        password: "yet another one",
      });
      expect([again.status, errorOf(again)["details"]]).toEqual([
        400,
        [expect.objectContaining({ path: "token" })],
      ]);
    }
    expect(said(await login(first.email))).toEqual(UNAUTHORIZED);
    expect((await login(first.email, "a new password")).status).toBe(200);
  });

  test("a link that opens nothing costs no hash", async () => {
    const { email } = await person(world);
    const reset = (token: string) =>
      cost(() => auth(world, "reset-password", { token, password: "a new password" }));
    const none = await reset(`ggp_${"a".repeat(43)}`);
    expect([none.reply.status, none.cost.hashes]).toEqual([400, 0]);
    await auth(world, "forgot-password", { email });
    const good = await reset(await mailed("reset-password"));
    expect([good.reply.status, good.cost.hashes]).toEqual([200, 1]);
  });

  test("a link runs out after an hour, and of many that use it at once one does", async () => {
    const { email } = await person(world);
    await auth(world, "forgot-password", { email });
    const late = await mailed("reset-password");
    world.clock.advance(HOUR);
    expect(said(await auth(world, "reset-password", { token: late, password: PASSWORD }))[0]).toBe(
      400,
    );
    await auth(world, "forgot-password", { email });
    const token = await mailed("reset-password");
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        auth(world, "reset-password", { token, password: `password ${index}` }),
      ),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("an address is sent five mails an hour at most, and its owner told the same", async () => {
    const { email } = await person(world);
    const ask = () => auth(world, "forgot-password", { email });
    const all = await Promise.all(Array.from({ length: 9 }, ask));
    expect(all.map(({ status }) => status)).toEqual(Array(9).fill(200));
    expect(await sentMails()).toHaveLength(5);
    world.clock.advance(HOUR);
    await ask();
    expect(await sentMails()).toHaveLength(6);
    const token = await mailed("reset-password");
    expect(token).not.toBe("");
  });

  test("a login that was checked before the password changed does not begin after it", async () => {
    const { email } = await person(world);
    await auth(world, "forgot-password", { email });
    const token = await mailed("reset-password");
    const { verify } = world.deps.passwords;
    const slow: Passwords["verify"] = async (...ask) => {
      const right = await verify(...ask);
      Object.assign(world.deps, { passwords: { ...world.deps.passwords, verify } });
      await send(world.url, "v1/auth/reset-password", { token, password: "a new password" });
      return right;
    };
    Object.assign(world.deps, { passwords: { ...world.deps.passwords, verify: slow } });
    expect(said(await login(email))).toEqual(UNAUTHORIZED);
  });
});

describe("refresh and logout", () => {
  test("a refresh token works once, for 30 days from the last time; one read and one write", async () => {
    let { refreshToken } = await person(world);
    for (let time = 0; time < 3; time++) {
      world.clock.advance(30 * DAY - 1);
      const reply = await refresh(refreshToken);
      expect([reply.status, world.touched()]).toEqual([
        200,
        { reads: 1, writes: 1, aggregates: 0 },
      ]);
      const { tokens } = dataOf(reply) as { tokens: Record<string, string> };
      expect(Object.keys(dataOf(reply))).toEqual(["tokens"]);
      expect(tokens["refreshToken"]).not.toBe(refreshToken);
      const ends = new Date(world.clock.now() + 30 * DAY).toISOString();
      expect(tokens["refreshTokenExpiresAt"]).toBe(ends);
      refreshToken = tokens["refreshToken"] ?? "";
    }
    world.clock.advance(30 * DAY);
    expect(said(await refresh(refreshToken))).toEqual(UNAUTHORIZED);
  });

  test("one that was used before ends the whole login, and no other", async () => {
    const you = await person(world);
    const other = personOf(await login(you.email));
    const renewed = await refresh(you.refreshToken);
    const next = { ...you, ...(dataOf(renewed)["tokens"] as object) } as Person;
    expect((await me(next)).status).toBe(200);
    expect(said(await refresh(you.refreshToken))).toEqual(UNAUTHORIZED);
    expect(said(await refresh(next.refreshToken))).toEqual(UNAUTHORIZED);
    for (const ended of [you, next]) expect(said(await me(ended))).toEqual(UNAUTHORIZED);
    expect((await me(other)).status).toBe(200);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  test.each([
    "",
    "ggr_",
    "ggr_x",
    `ggr_${"A".repeat(64)}`,
    `ggc_${"A".repeat(64)}`,
    "x".repeat(512),
  ])("401 or 400 for %p", async (refreshToken) => {
    await person(world);
    expect([400, 401]).toContain((await refresh(refreshToken)).status);
  });

  test("logout ends the login, its access tokens too, and is 200 for anything", async () => {
    const you = await person(world);
    const out = await auth(world, "logout", { refreshToken: you.refreshToken });
    expect([out.status, out.body]).toEqual([200, { ok: true, data: { loggedOut: true } }]);
    expect(said(await me(you))).toEqual(UNAUTHORIZED);
    expect(said(await refresh(you.refreshToken))).toEqual(UNAUTHORIZED);
    for (const refreshToken of [you.refreshToken, "unknown"]) {
      expect((await auth(world, "logout", { refreshToken })).body).toEqual(out.body);
    }
  });

  test("what was logged out ends no other login, however often it happens", async () => {
    const { email, refreshToken } = await person(world);
    for (let time = 0; time < 100; time++) {
      const { refreshToken: once } = personOf(await login(email));
      await auth(world, "logout", { refreshToken: once });
    }
    expect((await refresh(refreshToken)).status).toBe(200);
    const user = await world.store.get(users, world.deps.vault.hash("user-email", email));
    expect(user?.sessions).toHaveLength(1);
  });

  test("the store holds no token, no password and no code in clear", async () => {
    const { refreshToken, accessToken, email } = await person(world);
    const enabled = await withTotp(personOf(await login(email)));
    const hash = world.deps.vault.hash("user-email", email);
    const stored = JSON.stringify([
      await world.store.get(users, hash),
      await world.store.getMany(userSessions, (await world.store.get(users, hash))?.sessions ?? []),
      world.logs,
    ]);
    const code = enabled.backupCodes[0] ?? "";
    for (const secret of [refreshToken, accessToken, PASSWORD, enabled.secret, code]) {
      expect(secret.length).toBeGreaterThan(8);
      expect(stored).not.toContain(secret);
    }
  });
});

describe("access tokens", () => {
  const keyed = (surface: "access" | "enduser", alg = "HS256") => ({
    sign: (claims: Record<string, unknown>) =>
      new SignJWT(claims).setProtectedHeader({ alg }).sign(world.deps.accessTokenKeys[surface]),
  });
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Json;

  test("its end is told as the token has it, in whole seconds", async () => {
    world.clock.advance(999);
    const { tokens } = dataOf(
      await auth(world, "register", { email: "a@b.de", password: PASSWORD }),
    ) as {
      tokens: Record<string, string>;
    };
    const exp = Number(claimsOf(tokens["accessToken"] ?? "")["exp"]);
    expect(tokens["accessTokenExpiresAt"]).toBe(new Date(exp * 1000).toISOString());
  });

  test("401 EXPIRED_TOKEN past its end and not before; 401 UNAUTHORIZED once the login ended", async () => {
    const you = await person(world);
    world.clock.advance(15 * MINUTE - 1);
    expect((await me(you)).status).toBe(200);
    expect(world.touched().writes).toBe(0);
    world.clock.advance(1);
    const late = await me(you);
    const error = { code: "EXPIRED_TOKEN", message: expect.any(String) };
    expect([late.status, errorOf(late)]).toEqual([401, error]);
  });

  test("401 UNAUTHORIZED for every other token, header and credential", async () => {
    const you = await person(world);
    const claims = claimsOf(you.accessToken);
    const [header, payload, signature] = you.accessToken.split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const forged = [
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.${signature?.slice(2)}AA`,
      await keyed("access").sign({ ...claims, typ: "refresh" }),
      await keyed("access").sign({ ...claims, typ: "enduser" }),
      await keyed("access", "HS512").sign(claims),
      await keyed("enduser").sign(claims),
      await keyed("enduser").sign({ ...claims, typ: "enduser" }),
      await keyed("access").sign({ ...claims, sub: "somebody-else" }),
      await keyed("access").sign({ ...claims, sid: "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10" }),
      await keyed("access").sign({ ...claims, exp: undefined }),
      you.refreshToken,
    ];
    for (const accessToken of forged) {
      expect([accessToken, ...said(await me({ ...you, accessToken }))]).toEqual([
        accessToken,
        ...UNAUTHORIZED,
      ]);
    }
    expect((await me({ ...you, accessToken: await keyed("access").sign(claims) })).status).toBe(
      200,
    );
    const { apiKey } = await geckoKey(world);
    const headers: Record<string, string>[] = [
      {},
      { authorization: you.accessToken },
      { authorization: `Basic ${you.accessToken}` },
      { authorization: "Bearer" },
      { authorization: `Bearer ${"x".repeat(4_000)}` },
      { "x-api-key": apiKey },
      { authorization: `Bearer ${apiKey}` },
      { "x-admin-secret": "test-admin-secret" },
    ];
    for (const one of headers) {
      for (const path of ["orgs", "me"]) {
        const reply = await geckoCall(world, `GET /v1/dashboard/${path}`, undefined, {
          headers: one,
        });
        expect([one, ...said(reply)]).toEqual([one, ...UNAUTHORIZED]);
      }
    }
  });

  test("an access token opens nothing that is for API keys", async () => {
    const you = await person(world);
    expect(said(await as(world, you, "GET /v1/whoami"))).toEqual(UNAUTHORIZED);
    const headers = { "x-api-key": you.accessToken };
    expect(said(await geckoCall(world, "GET /v1/whoami", undefined, { headers }))).toEqual(
      UNAUTHORIZED,
    );
  });
});

/** The code that an authenticator app shows, so many steps from now. */
async function codeOf(secret: string, steps = 0): Promise<string> {
  const { TOTP, Secret } = await import("otpauth");
  const timestamp = world.clock.now() + steps * 30_000;
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

type SecondFactor = { readonly secret: string; readonly backupCodes: string[] };

/** Turns two-factor authentication on; the next step's codes are all good. */
async function withTotp(who: Person): Promise<SecondFactor> {
  const setUp = await as(world, who, "POST /v1/auth/totp/setup");
  const secret = String(dataOf(setUp)["secret"]);
  const body = { code: await codeOf(secret) };
  const enabled = await as(world, who, "POST /v1/auth/totp/enable", { body });
  expect(enabled.status).toBe(200);
  world.clock.advance(MINUTE);
  return { secret, backupCodes: dataOf(enabled)["backupCodes"] as string[] };
}

describe("two-factor authentication", () => {
  let you: Person;
  beforeEach(async () => {
    you = await person(world);
  });
  const challenged = async () => String(dataOf(await login(you.email))["challengeToken"]);
  const finish = (challengeToken: string, code: string) =>
    auth(world, "totp/verify-login", { challengeToken, code });
  const WRONG = { code: "UNAUTHORIZED", message: "Invalid verification code" };

  test("set up, confirmed, asked for at the next login, and taken away with both factors", async () => {
    const setUp = await as(world, you, "POST /v1/auth/totp/setup");
    expect([setUp.status, dataOf(setUp)]).toEqual([
      200,
      {
        secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
        otpauthUrl: expect.stringMatching(/^otpauth:\/\/totp\/Latchkey/),
      },
    ]);
    const secret = String(dataOf(setUp)["secret"]);
    // Nothing asks for codes before the app has shown one.
    expect(dataOf(await login(you.email))).toHaveProperty("tokens");
    const enable = (code: string) =>
      as(world, you, "POST /v1/auth/totp/enable", { body: { code } });
    const wrong = await enable("000000");
    expect([wrong.status, errorOf(wrong)]).toEqual([401, WRONG]);
    const enabled = await enable(await codeOf(secret));
    const codes = dataOf(enabled)["backupCodes"] as string[];
    expect(new Set(codes).size).toBe(10);
    expect(said(await enable(await codeOf(secret)))).toEqual([409, "CONFLICT"]);
    expect(said(await as(world, you, "POST /v1/auth/totp/setup"))).toEqual([409, "CONFLICT"]);

    const challenge = await login(you.email);
    expect([challenge.status, dataOf(challenge)]).toEqual([
      200,
      {
        requiresTotp: true,
        challengeToken: expect.stringMatching(/^ggc_[\w-]{43}$/),
        expiresAt: "2026-11-20T09:05:00.000Z",
      },
    ]);
    const code = await codeOf(secret, 1);
    const done = await finish(String(dataOf(challenge)["challengeToken"]), code);
    const shown = { ...user(you.email), totpEnabled: true };
    expect([done.status, dataOf(done)]).toEqual([200, { user: shown, tokens }]);

    const disable = (body: Json) => as(world, you, "POST /v1/auth/totp/disable", { body });
    world.clock.advance(MINUTE);
    const password = "wrong password";
    expect(said(await disable({ password, code: await codeOf(secret) }))).toEqual(UNAUTHORIZED);
    expect(said(await disable({ password: PASSWORD, code: "000000" }))).toEqual(UNAUTHORIZED);
    const off = await disable({ password: PASSWORD, code: await codeOf(secret) });
    expect([off.status, dataOf(off)]).toEqual([200, { user: user(you.email) }]);
    expect(said(await disable({ password: PASSWORD, code: await codeOf(secret) }))[0]).toBe(409);
    expect(dataOf(await login(you.email))).toHaveProperty("tokens");
  });

  test("a code is good for its step and one to either side, once, and none before it any more", async () => {
    const { secret } = await withTotp(you);
    world.clock.advance(5 * MINUTE);
    for (const steps of [-2, 2]) {
      expect(said(await finish(await challenged(), await codeOf(secret, steps)))).toEqual(
        UNAUTHORIZED,
      );
    }
    expect((await finish(await challenged(), await codeOf(secret))).status).toBe(200);
    for (const steps of [0, -1]) {
      const spent = await finish(await challenged(), await codeOf(secret, steps));
      expect([spent.status, errorOf(spent)]).toEqual([401, WRONG]);
    }
    expect((await finish(await challenged(), await codeOf(secret, 1))).status).toBe(200);
  });

  test("of many that send the same code for challenges of their own, one is let in", async () => {
    const { secret } = await withTotp(you);
    const tokens = await Promise.all(Array.from({ length: 8 }, challenged));
    const code = await codeOf(secret);
    const all = await Promise.all(tokens.map((token) => finish(token, code)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("a backup code is good once, however it is written", async () => {
    const { backupCodes } = await withTotp(you);
    const [first = "", second = ""] = backupCodes;
    expect((await finish(await challenged(), first)).status).toBe(200);
    expect(said(await finish(await challenged(), first))).toEqual(UNAUTHORIZED);
    const spelled = second.replace("-", " ").toUpperCase();
    expect((await finish(await challenged(), spelled)).status).toBe(200);
  });

  test("the fifth wrong code burns the challenge; a new login asks anew", async () => {
    const { secret } = await withTotp(you);
    const token = await challenged();
    for (let time = 0; time < 5; time++) {
      const wrong = await finish(token, "000000");
      expect([wrong.status, errorOf(wrong)]).toEqual([401, WRONG]);
    }
    const code = await codeOf(secret);
    expect(said(await finish(token, code))).toEqual(UNAUTHORIZED);
    expect((await finish(await challenged(), code)).status).toBe(200);
  });

  test("a challenge lives five minutes, is good once, and opens nothing by itself", async () => {
    const { secret } = await withTotp(you);
    const late = await challenged();
    world.clock.advance(5 * MINUTE);
    expect(said(await finish(late, await codeOf(secret)))).toEqual(UNAUTHORIZED);
    const token = await challenged();
    const verified = await finish(token, await codeOf(secret));
    expect(verified.status).toBe(200);
    world.clock.advance(MINUTE);
    expect(said(await finish(token, await codeOf(secret)))).toEqual(UNAUTHORIZED);
    expect(said(await me({ ...you, accessToken: token }))).toEqual(UNAUTHORIZED);
    expect(said(await refresh(await challenged()))).toEqual(UNAUTHORIZED);
  });

  test("a new password voids open challenges and leaves the second factor on", async () => {
    const { secret } = await withTotp(you);
    const token = await challenged();
    await auth(world, "forgot-password", { email: you.email });
    const link = await mailed("reset-password");
    await auth(world, "reset-password", { token: link, password: "a new password" });
    expect(said(await finish(token, await codeOf(secret)))).toEqual(UNAUTHORIZED);
    const again = await login(you.email, "a new password");
    expect(dataOf(again)).toMatchObject({ requiresTotp: true });
  });
});

describe("guessing", () => {
  const email = "you@example.com";
  async function fail(address: string, times: number) {
    for (let time = 0; time < times; time++) await login(address, "wrong password");
  }

  test.each([
    ["of a user", email],
    ["that nobody has", "nobody@example.com"],
  ])(
    "ten failures lock an address %s, for ever longer, with the same words",
    async (_, address) => {
      await person(world);
      await fail(address, 9);
      expect(said(await login(address, "wrong password"))).toEqual(UNAUTHORIZED);
      const locked = await cost(() => login(address));
      expect(errorOf(locked.reply)).toEqual({
        code: "RATE_LIMITED",
        message: "Too many failed logins. Try again later.",
      });
      expect([locked.reply.status, locked.reply.headers.get("retry-after")]).toEqual([429, "60"]);
      expect(locked.cost).toEqual({ reads: 2, writes: 0, aggregates: 0, hashes: 0 });
      world.clock.advance(MINUTE);
      await fail(address, 1);
      expect((await login(address)).headers.get("retry-after")).toBe("120");
    },
  );

  test("a login forgives what came before it; a new password does too, while locked", async () => {
    await person(world);
    await fail(email, 9);
    expect((await login(email)).status).toBe(200);
    await fail(email, 9);
    expect((await login(email)).status).toBe(200);
    await fail(email, 10);
    expect((await login(email)).status).toBe(429);
    await auth(world, "forgot-password", { email });
    const token = await mailed("reset-password");
    await auth(world, "reset-password", { token, password: "a new password" });
    expect((await login(email, "a new password")).status).toBe(200);
  });

  test("guesses sent together count each, and a right one among them is not let in once it is locked", async () => {
    await person(world);
    await Promise.all(Array.from({ length: 30 }, () => login(email, "wrong password")));
    expect((await login(email)).status).toBe(429);
  });

  test("wrong codes lock it too, also those of a session that wants the second factor gone", async () => {
    const you = await person(world);
    await withTotp(you);
    const { challengeToken } = dataOf(await login(email));
    for (let time = 0; time < 5; time++) {
      await auth(world, "totp/verify-login", { challengeToken, code: "000000" });
      const body = { password: PASSWORD, code: "000000" };
      await as(world, you, "POST /v1/auth/totp/disable", { body });
    }
    expect((await login(email)).status).toBe(429);
    const body = { password: PASSWORD, code: "000000" };
    expect((await as(world, you, "POST /v1/auth/totp/disable", { body })).status).toBe(429);
  });

  test("429 with Retry-After past ten calls a minute from an address and five about an e-mail, and headers tell of them", async () => {
    await open({ authPerAddress: 10, authPerEmail: 5 });
    const left = ({ headers }: Reply) =>
      ["limit", "remaining"].map((name) => headers.get(`x-ratelimit-${name}`));
    for (let time = 0; time < 5; time++) {
      const reply = await login(email);
      expect([reply.status, ...left(reply)]).toEqual([401, "5", `${4 - time}`]);
    }
    const sixth = await login(email);
    expect(left(sixth)).toEqual(["5", "0"]);
    expect([sixth.status, errorOf(sixth)]).toEqual([
      429,
      { code: "RATE_LIMITED", message: "Too many requests" },
    ]);
    expect(Number(sixth.headers.get("retry-after"))).toBeGreaterThan(0);
    for (let time = 0; time < 4; time++) {
      const reply = await login(`other-${time}@example.com`);
      expect([reply.status, ...left(reply)]).toEqual([401, "10", `${3 - time}`]);
    }
    const last = await login("last@example.com");
    expect([last.status, ...left(last)]).toEqual([429, "10", "0"]);
    expect((await auth(world, "forgot-password", { email })).status).toBe(200);
    world.clock.advance(MINUTE);
    expect((await login(email)).status).toBe(401);
  });
});

describe("browsers", () => {
  const origin = "https://dashboard.example.com";
  const preflight = (path: string, from: string) =>
    geckoCall(world, `OPTIONS ${path}`, undefined, {
      headers: { origin: from, "access-control-request-method": "PATCH" },
    });
  const allowed = ({ headers }: Reply) => headers.get("access-control-allow-origin");

  test.each(["/v1/dashboard/me", "/v1/auth/login"])(
    "%s may be called from the configured origins",
    async (path) => {
      const reply = await preflight(path, origin);
      expect([reply.status, allowed(reply)]).toEqual([204, origin]);
      expect(reply.headers.get("access-control-allow-methods")).toContain("PATCH");
      expect(reply.headers.get("access-control-allow-headers")).toContain("Authorization");
      expect(reply.headers.get("vary")).toBe("Origin");
      const foreign = await preflight(path, "https://evil.example.com");
      expect([foreign.status, allowed(foreign)]).toEqual([204, null]);
      const answered = await geckoCall(world, `GET ${path}`, undefined, { headers: { origin } });
      expect([answered.status, allowed(answered)]).toEqual([answered.status, origin]);
      const none = await geckoCall(world, `GET ${path}`);
      expect([allowed(none), none.headers.get("vary")]).toEqual([null, "Origin"]);
    },
  );

  test("the portal from anywhere, and what API keys open from nowhere", async () => {
    expect(allowed(await preflight("/v1/enduser/me", "https://any.example.com"))).toBe("*");
    const key = await preflight("/v1/whoami", origin);
    expect([key.status, allowed(key)]).toEqual([405, null]);
  });
});

test("whatever is sent to them, no auth route fails on our side or lets anybody in", async () => {
  await person(world);
  const names = [
    "register",
    "verify-email",
    "login",
    "totp/verify-login",
    "refresh",
    "logout",
    "forgot-password",
    "reset-password",
    "totp/setup",
    "totp/enable",
    "totp/disable",
  ];
  const odd = fc.oneof(
    fc.string(),
    fc.jsonValue(),
    fc.constant("you@example.com"),
    fc.string({ unit: "binary" }),
  );
  const fields = ["email", "password", "token", "refreshToken", "challengeToken", "code", "name"];
  const body = fc.dictionary(fc.constantFrom(...fields), odd, { minKeys: 1, maxKeys: 7 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), body, async (name, sent) => {
      const reply = await auth(world, name, sent);
      expect(reply.status).toBeLessThan(500);
      if (name !== "register") expect(reply.body["data"] ?? {}).not.toHaveProperty("tokens");
    }),
    { numRuns: 400 },
  );
});
