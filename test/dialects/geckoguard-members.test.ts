import fc from "fast-check";
import { ROLES, type Role } from "../../functions/src/core/roles.ts";
import type { DashboardSettings } from "../../functions/src/core/users.ts";
import {
  accounts,
  auditEntries,
  invites,
  mails,
  memberships,
  outbox,
} from "../../functions/src/store/collections.ts";
import {
  as,
  auth,
  colleague,
  dataOf,
  errorOf,
  inviteTokens,
  openGecko,
  org,
  PASSWORD,
  type Person,
  person,
  personOf,
} from "../support/dashboard.ts";
import { geckoCall, NOBODYS, said } from "../support/geckoguard.ts";
import { settings } from "../support/records.ts";
import { DAY, HOUR, type Json, MINUTE, NOW, type Reply, type World } from "../support/world.ts";

let world: World;
let you: Person;
let orgId: string;
async function open(dashboard: Partial<DashboardSettings> = {}) {
  world = await openGecko({ settings: { dashboard: { ...settings.dashboard, ...dashboard } } });
}
beforeEach(async () => {
  await open();
  you = await person(world);
  orgId = await org(world, you);
});
afterEach(() => world.close());

const at = (instant: number) => new Date(instant).toISOString();
const ask = (who: Person, method: string, path: string, body?: Json) =>
  as(world, who, `${method} /v1/dashboard/orgs/${orgId}/${path}`, body ? { body } : {});
const give = (who: Person, to: Person, role: Role) =>
  ask(who, "PATCH", `members/${to.userId}`, { role });
const remove = (who: Person, whom: Person) => ask(who, "DELETE", `members/${whom.userId}`);
const transfer = (who: Person, newOwnerId: string) =>
  ask(who, "POST", "transfer-ownership", { newOwnerId });
const invite = (email: string, role: Role = "DEV", who = you) =>
  ask(who, "POST", "invites", { email, role });
const inviteOf = (reply: Reply) => dataOf(reply)["invite"] as Json;
const accept = (who: Person, token = "") =>
  as(world, who, "POST /v1/dashboard/invites/accept", { body: { token } });
const preview = (token: string) =>
  geckoCall(world, "GET /v1/dashboard/invites/preview", undefined, { query: { token } });
const rolesNow = async () => {
  const members = dataOf(await ask(you, "GET", "members"))["members"] as Json[];
  return Object.fromEntries(members.map(({ email, role }) => [email, role]));
};
const owners = async () => (await world.store.get(accounts, orgId))?.owners;
const tokenOf = async (email: string) => (await inviteTokens(world, email))[0] ?? "";
const teamEvents = async () =>
  (await world.store.query(outbox, "oldest", { limit: 99 })).items
    .filter(({ type }) => type.startsWith("team."))
    .map(({ type, data }) => [type, data]);

describe("members", () => {
  test("are listed by pages in the reference's shape, to every member", async () => {
    world.clock.advance(1);
    const dev = await colleague(world, orgId, "DEV", "dev");
    const shown = (who: Person, role: Role, joinedAt: number) => ({
      id: who.userId,
      userId: who.userId,
      email: who.email,
      name: "You",
      role,
      joinedAt: at(joinedAt),
    });
    const all = await ask(dev, "GET", "members");
    expect([all.status, all.body]).toEqual([
      200,
      {
        ok: true,
        data: {
          members: [shown(dev, "DEV", NOW + 1), shown(you, "OWNER", NOW)],
          pagination: { page: 1, pageSize: 50, total: 2, totalPages: 1 },
        },
      },
    ]);
    const second = await ask(dev, "GET", "members?page=2&pageSize=1");
    expect(dataOf(second)).toMatchObject({
      members: [{ id: you.userId }],
      pagination: { page: 2, pageSize: 1, total: 2, totalPages: 2 },
    });
  });

  test("get another role, which holds at their next request and is written down", async () => {
    const dev = await colleague(world, orgId, "DEV", "dev");
    const changed = await give(you, dev, "ADMIN");
    expect([changed.status, dataOf(changed)["member"]]).toMatchObject([200, { role: "ADMIN" }]);
    const path = `/v1/dashboard/orgs/${orgId}`;
    expect((await as(world, dev, `PATCH ${path}`, { body: { name: "Mine" } })).status).toBe(200);
    await give(you, dev, "VIEWER");
    expect((await as(world, dev, `PATCH ${path}`, { body: { name: "M" } })).status).toBe(403);
    expect((await give(you, dev, "VIEWER")).status).toBe(200);
    expect(world.touched().writes).toBe(0);
    const equal = { accountId: orgId };
    const { items } = await world.store.query(auditEntries, "byAccount", { equal, limit: 99 });
    const updates = items.filter(({ action }) => action === "member.update");
    expect(updates.map(({ actor, before, after }) => [actor.userId, before, after])).toEqual(
      expect.arrayContaining([
        [you.userId, { role: "DEV" }, { role: "ADMIN" }],
        [you.userId, { role: "ADMIN" }, { role: "VIEWER" }],
      ]),
    );
  });

  test("404 for whoever is none, 400 for a role that is none", async () => {
    const stranger = await person(world, "stranger@example.com");
    expect(said(await give(you, stranger, "DEV"))).toEqual([404, "NOT_FOUND"]);
    expect(said(await remove(you, stranger))).toEqual([404, "NOT_FOUND"]);
    expect(said(await transfer(you, stranger.userId))).toEqual([404, "NOT_FOUND"]);
    expect(said(await transfer(you, "me"))).toEqual([400, "VALIDATION_ERROR"]);
    expect(said(await ask(you, "PATCH", "members/me", { role: "DEV" }))).toEqual([
      400,
      "VALIDATION_ERROR",
    ]);
    for (const role of ["owner", "ROOT", null, 3]) {
      const wrong = await ask(you, "PATCH", `members/${you.userId}`, { role });
      expect([...said(wrong), errorOf(wrong)["details"]]).toMatchObject([
        400,
        "VALIDATION_ERROR",
        [{ path: "role" }],
      ]);
    }
  });

  test("of another organization are none of one's own", async () => {
    const other = await person(world, "other@example.com");
    await org(world, other, "Other");
    expect(said(await give(you, other, "DEV"))).toEqual([404, "NOT_FOUND"]);
    expect(said(await remove(you, other))).toEqual([404, "NOT_FOUND"]);
    expect(said(await ask(other, "GET", "members"))).toEqual([404, "NOT_FOUND"]);
  });

  const mayNot = [403, "FORBIDDEN"];
  test.each(ROLES)("what a member who is %s may do to one of each role", async (role) => {
    const who = await colleague(world, orgId, role, "who");
    for (const held of ROLES) {
      for (const wanted of ROLES) {
        const whom = await colleague(world, orgId, held, `${held}-${wanted}`.toLowerCase());
        const touchesOwner = held === "OWNER" || wanted === "OWNER";
        const may = role === "OWNER" || (role === "ADMIN" && !touchesOwner);
        const reply = await give(who, whom, wanted);
        expect([held, wanted, ...said(reply)]).toEqual([
          held,
          wanted,
          ...(may ? [200, undefined] : mayNot),
        ]);
        const now = may ? wanted : held;
        const mayRemove = role === "OWNER" || (role === "ADMIN" && now !== "OWNER");
        const gone = await remove(who, whom);
        expect([now, ...said(gone)]).toEqual([now, ...(mayRemove ? [200, undefined] : mayNot)]);
      }
    }
  });

  test.each(ROLES)("somebody who is %s may leave, and is out at once", async (role) => {
    const who = await colleague(world, orgId, role, "who");
    const gone = await remove(who, who);
    expect([gone.status, gone.body]).toEqual([200, { ok: true, data: { deleted: true } }]);
    expect(said(await ask(who, "GET", "members"))).toEqual([404, "NOT_FOUND"]);
    expect(await rolesNow()).toEqual({ [you.email]: "OWNER" });
    expect(await owners()).toBe(1);
  });

  test("409 for the last owner: neither demoted, nor gone, nor handed to oneself", async () => {
    const admin = await colleague(world, orgId, "ADMIN", "admin");
    for (const reply of [
      await give(you, you, "ADMIN"),
      await remove(you, you),
      await transfer(you, you.userId),
    ]) {
      expect(said(reply)).toEqual([409, "CONFLICT"]);
      expect(world.touched().writes).toBe(0);
    }
    expect(said(await give(admin, you, "DEV"))).toEqual([403, "FORBIDDEN"]);
    const second = await colleague(world, orgId, "OWNER", "second");
    expect((await give(second, you, "ADMIN")).status).toBe(200);
    expect(said(await remove(second, second))).toEqual([409, "CONFLICT"]);
    expect(await owners()).toBe(1);
  });

  test("ownership goes to a member of any role, and who had it becomes ADMIN", async () => {
    const viewer = await colleague(world, orgId, "VIEWER", "viewer");
    const moved = await transfer(you, viewer.userId);
    expect([moved.status, dataOf(moved)]).toMatchObject([
      200,
      {
        owner: { userId: viewer.userId, role: "OWNER" },
        member: { userId: you.userId, role: "ADMIN" },
      },
    ]);
    expect(await owners()).toBe(1);
    expect(said(await transfer(you, viewer.userId))).toEqual([403, "FORBIDDEN"]);
    expect((await give(viewer, you, "OWNER")).status).toBe(200);
    expect((await transfer(you, viewer.userId)).status).toBe(200);
    expect(await rolesNow()).toEqual({ [you.email]: "ADMIN", [viewer.email]: "OWNER" });
    expect(await owners()).toBe(1);
  });

  test("coming and going is told, changing is not", async () => {
    const dev = await colleague(world, orgId, "DEV", "dev");
    await give(you, dev, "ADMIN");
    await remove(you, dev);
    const facts = { orgId, userId: dev.userId };
    expect(await teamEvents()).toEqual([
      ["team.member_added", { ...facts, role: "DEV" }],
      ["team.member_removed", { ...facts, role: "ADMIN" }],
    ]);
  });

  test("a change costs three documents read beside login and membership", async () => {
    const dev = await colleague(world, orgId, "DEV", "dev");
    await give(you, dev, "VIEWER");
    expect(world.touched()).toEqual({ reads: 5, writes: 2, aggregates: 0 });
    await remove(you, dev);
    expect(world.touched()).toEqual({ reads: 5, writes: 3, aggregates: 0 });
  });
});

describe("invites", () => {
  test("are made, mailed, shown, previewed and accepted, in the reference's shapes", async () => {
    const made = await invite("New@Example.com");
    const shown = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      orgId,
      email: "new@example.com",
      role: "DEV",
      status: "PENDING",
      invitedBy: you.userId,
      expiresAt: at(NOW + 7 * DAY),
      createdAt: at(NOW),
    };
    expect([made.status, made.body]).toEqual([201, { ok: true, data: { invite: shown } }]);
    expect(dataOf(await ask(you, "GET", "invites"))).toEqual({
      invites: [inviteOf(made)],
      pagination: { page: 1, pageSize: 50, total: 1, totalPages: 1 },
    });
    const token = await tokenOf("new@example.com");
    const seen = await preview(token);
    const facts = { orgName: "My Company", role: "DEV", email: "new@example.com" };
    expect([seen.status, dataOf(seen)]).toEqual([
      200,
      { ...facts, expiresAt: at(NOW + 7 * DAY), status: "PENDING" },
    ]);
    const invited = await person(world, "new@example.com");
    const joined = await accept(invited, token);
    expect([joined.status, dataOf(joined)]).toMatchObject([
      200,
      {
        org: { id: orgId, name: "My Company", role: "DEV" },
        member: { id: invited.userId, role: "DEV", joinedAt: at(NOW) },
      },
    ]);
    expect(await rolesNow()).toEqual({ [you.email]: "OWNER", "new@example.com": "DEV" });
    expect(dataOf(await as(world, invited, "GET /v1/dashboard/me"))["activeOrgId"]).toBe(orgId);
    expect(dataOf(await ask(you, "GET", "invites"))["invites"]).toEqual([]);
    expect(await teamEvents()).toEqual([
      ["team.member_added", { orgId, userId: invited.userId, role: "DEV" }],
    ]);
    expect(said(await accept(invited, token))).toEqual([410, "INVITE_EXPIRED"]);
    expect(said(await preview(token))).toEqual([410, "INVITE_EXPIRED"]);
  });

  test("the mail leads to the dashboard, and the token is nowhere else", async () => {
    await world.close();
    await open({ url: "https://dashboard.example.com" });
    you = await person(world);
    orgId = await org(world, you, "<b>Evil</b>\r\nBcc: x@example.com");
    const made = await invite("new@example.com", "ADMIN");
    const { items } = await world.store.query(mails, "due", { limit: 9 });
    const [mail] = items;
    const token = await tokenOf("new@example.com");
    expect(mail?.message.text).toContain(
      `https://dashboard.example.com/accept-invite#token=${token}`,
    );
    expect(mail?.message.text).toContain("as ADMIN");
    expect(mail?.message.subject).toBe("Invitation to <b>Evil</b> Bcc: x@example.com");
    expect(mail?.message.html).not.toContain("<b>");
    const equal = { accountId: orgId };
    const { items: log } = await world.store.query(auditEntries, "byAccount", { equal, limit: 9 });
    const { id } = inviteOf(made);
    const places = [made.body, log, await world.store.get(invites, String(id)), world.logs];
    for (const place of places) expect(JSON.stringify(place)).not.toContain(token);
  });

  test("only the invited address gets in, whoever holds the token", async () => {
    await invite("new@example.com", "ADMIN");
    const token = await tokenOf("new@example.com");
    const thief = await person(world, "thief@example.com");
    expect(said(await accept(thief, token))).toEqual([403, "FORBIDDEN"]);
    expect(world.touched().writes).toBe(0);
    const registered = await auth(world, "register", {
      email: "thief2@example.com",
      password: PASSWORD,
      inviteToken: token,
    });
    expect(said(registered)).toEqual([403, "FORBIDDEN"]);
    expect((await accept(await person(world, "new@example.com"), token)).status).toBe(200);
    expect(Object.keys(await rolesNow()).sort()).toEqual(["new@example.com", you.email]);
  });

  test("409 for a member, 403 for an ADMIN who would make an OWNER", async () => {
    const admin = await colleague(world, orgId, "ADMIN", "admin");
    expect(said(await invite(admin.email.toUpperCase()))).toEqual([409, "CONFLICT"]);
    expect(said(await invite("new@example.com", "OWNER", admin))).toEqual([403, "FORBIDDEN"]);
    const made = inviteOf(await invite("new@example.com", "OWNER"));
    const again = await ask(admin, "POST", `invites/${made["id"]}/resend`);
    expect(said(again)).toEqual([403, "FORBIDDEN"]);
    expect(await inviteTokens(world, "new@example.com")).toHaveLength(1);
    const joined = await accept(
      await person(world, "new@example.com"),
      await tokenOf("new@example.com"),
    );
    expect([joined.status, await owners()]).toEqual([200, 2]);
    expect((await remove(you, you)).status).toBe(200);
  });

  test("a second one for the address takes the first one's place", async () => {
    await invite("new@example.com", "ADMIN");
    const first = await tokenOf("new@example.com");
    world.clock.advance(MINUTE);
    await invite("new@example.com", "VIEWER");
    const second = await tokenOf("new@example.com");
    const { invites: pending } = dataOf(await ask(you, "GET", "invites"));
    expect(pending).toMatchObject([{ role: "VIEWER", createdAt: at(NOW + MINUTE) }]);
    const invited = await person(world, "new@example.com");
    expect(said(await accept(invited, first))).toEqual([410, "INVITE_EXPIRED"]);
    expect((await accept(invited, second)).status).toBe(200);
    expect(await rolesNow()).toMatchObject({ "new@example.com": "VIEWER" });
  });

  test("410 after seven days; sent again it is good for seven more, the token before is not", async () => {
    const { id } = inviteOf(await invite("new@example.com"));
    const first = await tokenOf("new@example.com");
    const invited = await person(world, "new@example.com");
    world.clock.advance(7 * DAY - 1);
    expect((await preview(first)).status).toBe(200);
    world.clock.advance(1);
    expect(said(await preview(first))).toEqual([410, "INVITE_EXPIRED"]);
    const fresh = personOf(
      await auth(world, "login", { email: invited.email, password: PASSWORD }),
    );
    you = personOf(await auth(world, "login", { email: you.email, password: PASSWORD }));
    expect(said(await accept(fresh, first))).toEqual([410, "INVITE_EXPIRED"]);
    expect(dataOf(await ask(you, "GET", "invites"))["invites"]).toEqual([]);
    const again = await ask(you, "POST", `invites/${id}/resend`);
    expect([again.status, inviteOf(again)]).toMatchObject([
      200,
      { id, status: "PENDING", createdAt: at(NOW), expiresAt: at(NOW + 14 * DAY) },
    ]);
    expect(said(await accept(fresh, first))).toEqual([410, "INVITE_EXPIRED"]);
    expect((await accept(fresh, await tokenOf("new@example.com"))).status).toBe(200);
    expect(said(await ask(you, "POST", `invites/${id}/resend`))).toEqual([410, "INVITE_EXPIRED"]);
    expect(said(await ask(you, "POST", `invites/${id}/revoke`))).toEqual([410, "INVITE_EXPIRED"]);
  });

  test("revoked it opens nothing, and is not sent again; another may be made", async () => {
    const { id } = inviteOf(await invite("new@example.com"));
    const token = await tokenOf("new@example.com");
    const revoke = () => ask(you, "POST", `invites/${id}/revoke`);
    expect([(await revoke()).status, inviteOf(await revoke())]).toMatchObject([
      200,
      { status: "REVOKED" },
    ]);
    expect(world.touched().writes).toBe(0);
    const invited = await person(world, "new@example.com");
    expect(said(await accept(invited, token))).toEqual([410, "INVITE_EXPIRED"]);
    expect(said(await ask(you, "POST", `invites/${id}/resend`))).toEqual([410, "INVITE_EXPIRED"]);
    world.clock.advance(MINUTE);
    expect((await invite("new@example.com")).status).toBe(201);
    expect((await accept(invited, await tokenOf("new@example.com"))).status).toBe(200);
  });

  test("404 for a token or invite that is none, or of another organization", async () => {
    const forged = `ggi_${"A".repeat(64)}`;
    for (const token of ["x", "ggi_", forged, `${forged}A`]) {
      expect(said(await preview(token))).toEqual([404, "NOT_FOUND"]);
      expect(said(await accept(you, token))).toEqual([404, "NOT_FOUND"]);
    }
    expect(said(await preview(""))).toEqual([400, "VALIDATION_ERROR"]);
    const other = await person(world, "other@example.com");
    const mine = orgId;
    orgId = await org(world, other, "Other");
    const { id } = inviteOf(await invite("new@example.com", "DEV", other));
    orgId = mine;
    for (const inviteId of [id, NOBODYS]) {
      for (const verb of ["revoke", "resend"]) {
        expect(said(await ask(you, "POST", `invites/${inviteId}/${verb}`))).toEqual([
          404,
          "NOT_FOUND",
        ]);
      }
    }
    expect((await preview(await tokenOf("new@example.com"))).status).toBe(200);
  });

  test("a token whose invite is there and that is not the one that is good opens nothing", async () => {
    await invite("new@example.com");
    const token = await tokenOf("new@example.com");
    const other = token.slice(0, -4) + (token.endsWith("AAAA") ? "BBBB" : "AAAA");
    expect(said(await preview(other))).toEqual([410, "INVITE_EXPIRED"]);
    expect(said(await accept(await person(world, "new@example.com"), other))).toEqual([
      410,
      "INVITE_EXPIRED",
    ]);
  });

  test("an address gets five mails of invites an hour, and its mails about passwords besides", async () => {
    for (let sent = 0; sent < 5; sent++) expect((await invite("new@example.com")).status).toBe(201);
    const sixth = await invite("new@example.com", "ADMIN");
    expect([...said(sixth), sixth.headers.get("retry-after")]).toEqual([
      429,
      "RATE_LIMITED",
      "3600",
    ]);
    const { invites: pending } = dataOf(await ask(you, "GET", "invites"));
    expect(pending).toMatchObject([{ role: "DEV" }]);
    await person(world, "new@example.com");
    await auth(world, "forgot-password", { email: "new@example.com" });
    const { items } = await world.store.query(mails, "due", { limit: 99 });
    expect(items.filter(({ kind }) => kind === "reset-password")).toHaveLength(1);
    world.clock.advance(HOUR);
    you = personOf(await auth(world, "login", { email: you.email, password: PASSWORD }));
    expect((await invite("new@example.com")).status).toBe(201);
  });

  test("an organization that is gone lets nobody in", async () => {
    await invite("new@example.com");
    const token = await tokenOf("new@example.com");
    await as(world, you, `DELETE /v1/dashboard/orgs/${orgId}`);
    expect(said(await preview(token))).toEqual([404, "NOT_FOUND"]);
    const invited = await person(world, "new@example.com");
    expect(said(await accept(invited, token))).toEqual([404, "NOT_FOUND"]);
  });

  test("the same Idempotency-Key invites and mails once", async () => {
    const again = {
      headers: { "idempotency-key": "k" },
      body: { email: "a@example.com", role: "DEV" },
    };
    const path = `POST /v1/dashboard/orgs/${orgId}/invites`;
    const first = await as(world, you, path, again);
    const second = await as(world, you, path, again);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(await inviteTokens(world, "a@example.com")).toHaveLength(1);
  });
});

describe("registering with an invite", () => {
  const register = (email: string, inviteToken: string, password = PASSWORD) =>
    auth(world, "register", { email, password, name: "New", inviteToken });

  test.each([
    ["is by invitation", { openRegistration: false }],
    ["proves addresses", { verifyEmails: true }],
  ])("logs in at once and joins, where registration %s", async (_, dashboard) => {
    await invite("new@example.com", "ADMIN");
    const token = await tokenOf("new@example.com");
    Object.assign(world.deps.settings, { dashboard: { ...settings.dashboard, ...dashboard } });
    const made = await register("New@example.com", token);
    expect([made.status, dataOf(made)]).toMatchObject([
      201,
      { user: { email: "new@example.com", emailVerified: true }, tokens: { tokenType: "Bearer" } },
    ]);
    const invited = personOf(made);
    expect(dataOf(await as(world, invited, "GET /v1/dashboard/me"))).toMatchObject({
      orgs: [{ id: orgId, role: "ADMIN" }],
      activeOrgId: orgId,
    });
    expect(said(await register("new@example.com", token))).toEqual([410, "INVITE_EXPIRED"]);
    expect(said(await register("new@example.com", "nothing"))).toEqual([404, "NOT_FOUND"]);
  });

  test("takes an address from whoever registered it without proof, and from nobody else", async () => {
    const email = "new@example.com";
    const set = (more: Partial<DashboardSettings>) =>
      Object.assign(world.deps.settings, { dashboard: { ...settings.dashboard, ...more } });
    set({ verifyEmails: true });
    await auth(world, "register", { email, password: "somebody else's" });
    await invite(email);
    expect((await register(email, await tokenOf(email))).status).toBe(201);
    const login = (password: string) => auth(world, "login", { email, password });
    expect([(await login("somebody else's")).status, (await login(PASSWORD)).status]).toEqual([
      401, 200,
    ]);
    set({});
    await person(world, "known@example.com");
    await invite("known@example.com");
    const token = await tokenOf("known@example.com");
    expect(said(await register("known@example.com", token, "another password"))).toEqual([
      409,
      "CONFLICT",
    ]);
    expect((await preview(token)).status).toBe(200);
  });
});

test("whatever is sent about members and invites, nothing fails on our side", async () => {
  const dev = await colleague(world, orgId, "DEV", "dev");
  await invite("new@example.com");
  const token = await tokenOf("new@example.com");
  const { id } = (dataOf(await ask(you, "GET", "invites"))["invites"] as Json[])[0] ?? {};
  const own = `/v1/dashboard/orgs/${orgId}`;
  const routes = [
    `PATCH ${own}/members/${dev.userId}`,
    `DELETE ${own}/members/${NOBODYS}`,
    `POST ${own}/invites`,
    `POST ${own}/invites/${id}/resend`,
    `POST ${own}/transfer-ownership`,
    "POST /v1/dashboard/invites/accept",
    "POST /v1/auth/register",
  ];
  const fields = ["role", "email", "token", "newOwnerId", "inviteToken", "password", "id", "name"];
  const odd = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.jsonValue(),
    fc.constantFrom(...ROLES, token, `${token}x`, NOBODYS, "a@example.com", "\0@example.com"),
  );
  const body = fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, fc.string(), async (route, sent, text) => {
      const { status } = await as(world, you, route, { body: sent });
      expect([200, 201, 400, 403, 404, 409, 410, 429]).toContain(status);
      expect([400, 404, 410]).toContain((await preview(text)).status);
    }),
    { numRuns: 200 },
  );
  const equal = { accountId: orgId };
  const { items } = await world.store.query(memberships, "byAccount", { equal, limit: 99 });
  expect(items.filter(({ role }) => role === "OWNER")).toHaveLength((await owners()) ?? 0);
  expect(await owners()).toBeGreaterThan(0);
});
