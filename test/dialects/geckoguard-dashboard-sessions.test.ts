import { auditEntries } from "../../functions/src/store/collections.ts";
import { as, dataOf, openGecko, type Person } from "../support/dashboard.ts";
import { openShop, type Shop, shopLicense } from "../support/dashboard-things.ts";
import { useEngines } from "../support/engines.ts";
import { geckoCall } from "../support/geckoguard.ts";
import { authorize } from "../support/geckoguard-signed.ts";
import { DAY, type Json, MINUTE, type World } from "../support/world.ts";

let world: World;
let shop: Shop;
let licenseKey: string;
let path: string;
const opened = async (options = {}) => {
  world = await openGecko(options);
  shop = await openShop(world);
  const license = await shopLicense(world);
  licenseKey = license.licenseKey;
  path = `/v1/dashboard/licenses/${license.licenseId}`;
};
afterEach(() => world.close());

const use = (more: Json) => authorize(world, shop.owner, { licenseKey, ...more });
const session = (sessionId: string) => use({ sessionId });
const get = async (what: string, query: Record<string, string> = {}) =>
  dataOf(await as(world, shop.boss, `GET ${path}/${what}`, { query }));
const sessions = async () => (await get("sessions"))["sessions"] as Json[];
const namesOf = (all: Json[]) => all.map(({ sessionId }) => sessionId);
const revoke = (which: string, who: Person = shop.boss) =>
  as(world, who, `POST ${path}/sessions/${which}`);

describe("a license", () => {
  beforeEach(() => opened());

  test("200 its bindings by type, with those that were revoked", async () => {
    await use({ hwid: "A1B2-C3D4-E5F6", ip: "203.0.113.7" });
    world.clock.advance(MINUTE);
    const licenseId = path.split("/").at(-1);
    const reset = `POST /v1/products/${shop.productId}/licenses/${licenseId}/reset-hwid`;
    expect((await geckoCall(world, reset, shop.owner)).status).toBe(200);
    await use({ hwid: "other", ip: "203.0.113.7" });
    const { bindings, pagination } = await get("bindings");
    expect(pagination).toMatchObject({ total: 3 });
    expect(bindings).toEqual(
      expect.arrayContaining([
        {
          type: "IP",
          valueHash: "fec52565aa0cf18f57d7cf5b3ac728503b8992d2d6f7d46da1d1201090902b02",
          region: "ZZ",
          firstSeenAt: "2026-11-20T09:00:00.000Z",
          lastSeenAt: "2026-11-20T09:01:00.000Z",
          revokedAt: null,
        },
      ]),
    );
    const hwids = (await get("bindings", { type: "HWID" }))["bindings"] as Json[];
    expect(hwids.map(({ valueHash }) => String(valueHash).slice(0, 6))).toContain("163083");
    expect(hwids.map(({ type }) => type)).toEqual(["HWID", "HWID"]);
    expect(hwids.map(({ revokedAt }) => revokedAt)).toEqual([null, "2026-11-20T09:01:00.000Z"]);
    expect((await get("bindings", { page: "2", pageSize: "2" }))["bindings"]).toHaveLength(1);
    const wrong = await as(world, shop.boss, `GET ${path}/bindings`, { query: { type: "MAC" } });
    expect(wrong.status).toBe(400);
  });

  test("200 its active sessions, the newest first, in the reference's fields", async () => {
    expect(await sessions()).toEqual([]);
    await use({ sessionId: "one", hwid: "A1B2-C3D4-E5F6", ip: "203.0.113.7", deviceId: "laptop" });
    world.clock.advance(9 * MINUTE);
    await session("two");
    const all = await sessions();
    expect(namesOf(all)).toEqual(["two", "one"]);
    expect(all[1]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sessionId: "one",
      licenseId: path.split("/").at(-1),
      deviceId: "laptop",
      ip: "203.0.113.7",
      hwidHash: "16308361808fdf63e94ea02e7c0c02c2a25a2c72b1e332e65056f40f9343aba3",
      startedAt: "2026-11-20T09:00:00.000Z",
      lastSeenAt: "2026-11-20T09:00:00.000Z",
      revokedAt: null,
    });
    world.clock.advance(MINUTE);
    expect(namesOf(await sessions())).toEqual(["two"]);
  });

  test("a session is ended by its row or its name, for a day, and the others go on", async () => {
    for (const name of ["one", "two/ü", "three"]) await session(name);
    const id = String((await sessions()).find(({ sessionId }) => sessionId === "one")?.["id"]);
    expect((await revoke(`${id.toUpperCase()}/revoke`)).body).toEqual({
      ok: true,
      data: { revoked: 1 },
    });
    expect(dataOf(await revoke(`${encodeURIComponent("two/ü")}/revoke`))).toEqual({ revoked: 1 });
    expect(dataOf(await revoke("one/revoke"))).toEqual({ revoked: 0 });
    expect(namesOf(await sessions())).toEqual(["three"]);
    expect((await session("one")).body).toMatchObject({ reasonCode: "SESSION_REVOKED" });
    expect((await session("three")).status).toBe(200);
    expect((await revoke("nobody/revoke")).body).toEqual({
      ok: false,
      error: { code: "NOT_FOUND", message: "Session not found" },
    });
    expect((await revoke("%E0%A4/revoke")).status).toBe(400);
    world.clock.advance(DAY - 1);
    expect((await session("one")).body).toMatchObject({ reasonCode: "SESSION_REVOKED" });
    world.clock.advance(1);
    expect((await session("one")).status).toBe(200);
  });

  test("all are ended at once: the answer counts the active ones", async () => {
    await session("quiet");
    world.clock.advance(10 * MINUTE);
    await session("one");
    await session("two");
    expect(dataOf(await revoke("revoke-all"))).toEqual({ revoked: 2 });
    expect(await sessions()).toEqual([]);
    expect((await revoke("quiet/revoke")).status).toBe(404);
    expect((await session("two")).body).toMatchObject({ reasonCode: "SESSION_REVOKED" });
    expect((await session("three")).status).toBe(200);
    const { items } = await world.store.query(auditEntries, "byAccount", {
      equal: { accountId: shop.orgId },
      limit: 1,
    });
    expect(items).toMatchObject([
      { action: "license.revokeSessions", actor: { kind: "user" }, after: { revoked: 2 } },
    ]);
  });

  test("to end what is ended writes nothing, nor does it for a license without any", async () => {
    expect(dataOf(await revoke("revoke-all"))).toEqual({ revoked: 0 });
    expect(world.touched().writes).toBe(0);
  });
});

describe.each(useEngines())("on $name", ({ open }) => {
  beforeEach(() => opened({ store: open() }));

  test("20 end the sessions while apps come: each is counted as ended once", async () => {
    for (const name of ["a", "b", "c"]) await session(name);
    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        if (at % 4 === 0) await session("a");
        return revoke("revoke-all");
      }),
    );
    const counts = replies.flatMap(({ status, body }) =>
      status === 200 ? [Number((body["data"] as Json)["revoked"])] : [],
    );
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(3);
    expect(await sessions()).toEqual([]);
    expect((await session("a")).body).toMatchObject({ reasonCode: "SESSION_REVOKED" });
  }, 60_000);
});
