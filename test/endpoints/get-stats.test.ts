import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Firestore } from "firebase-admin/firestore";
import { activations, collections } from "../../functions/src/store/collections.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { firestoreStore } from "../../functions/src/store/firestore.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { changeLicense } from "../support/change-license.ts";
import { startFirestoreDouble } from "../support/firestore-double/server.ts";
import { DAY, HOUR, type Json, machine, NOW, openWorld, type World } from "../support/world.ts";

// The client would leave the double for the emulator.
delete process.env.FIRESTORE_EMULATOR_HOST;
process.env.METADATA_SERVER_DETECTION = "none";

let double: Awaited<ReturnType<typeof startFirestoreDouble>>;
beforeAll(async () => {
  const indexes = join(__dirname, "../../firestore.indexes.json");
  double = await startFirestoreDouble({ indexes: JSON.parse(readFileSync(indexes, "utf8")) });
});
afterAll(() => double.close());

let projects = 0;
const engines: [string, () => DocumentStore][] = [
  ["SQLite", () => openSqliteStore({ path: ":memory:", collections })],
  [
    "Firestore",
    () => {
      const projectId = `demo-stats-${++projects}`;
      return firestoreStore(new Firestore({ projectId, host: double.host, ssl: false }));
    },
  ],
];

describe.each(engines)("on %s", (_, open) => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ store: open() });
  });
  afterEach(() => world.close());

  const stats = (ask: Json = {}) => world.admin("getStats", ask);
  const lastDay = async (ask: Json = {}) => ((await stats(ask))["days"] as Json[]).at(-1);

  test("200 counts licenses by status and type, machines and seats, of an account or a product", async () => {
    const plain = await world.license({ maxMachines: 5 });
    const pool = await world.license({ licenseType: "floating", maxConcurrent: 5 });
    await world.license({ licenseType: "site", productId: "prod_other" });
    const ending = await world.license({ expiresAt: new Date(NOW + HOUR).toISOString() });
    const degraded = await world.license();
    await changeLicense(world, degraded, { status: "degraded" });
    const revoked = await world.license({ expiresAt: new Date(NOW + HOUR).toISOString() });
    await changeLicense(world, revoked, { status: "revoked" });
    for (const name of ["a", "b"]) await world.call("activate", machine(plain, name));
    await world.call("activate", machine(pool, "a"));
    expect(await stats()).toMatchObject({
      success: true,
      licenses: {
        total: 6,
        byStatus: { active: 4, degraded: 1, suspended: 0, revoked: 1, expired: 0 },
        byType: { "per-machine": 4, floating: 1, site: 1 },
      },
      activations: 3,
      liveSeats: 1,
    });
    world.clock.advance(HOUR);
    const later = await stats({ productId: "prod_tools" });
    expect(later).toMatchObject({
      licenses: {
        total: 5,
        byStatus: { active: 2, degraded: 1, suspended: 0, revoked: 1, expired: 1 },
        byType: { "per-machine": 4, floating: 1, site: 0 },
      },
      activations: 3,
      liveSeats: 0,
    });
    expect(await stats({ productId: "prod_other" })).toMatchObject({
      licenses: { total: 1 },
      activations: 0,
    });
    expect(ending).not.toBe(plain);
  });

  test("200 checks and denials by day, for each product and over all", async () => {
    const key = await world.license({ maxMachines: 1 });
    const other = await world.license({ productId: "prod_other" });
    const first = await world.call("activate", machine(key, "a"));
    await world.call("activate", machine(key, "b"));
    const session = { licenseKey: key, machineFingerprint: "fp-a", token: first.body["token"] };
    await world.call("validate", session);
    await world.call("heartbeat", { ...session, token: "wrong" });
    await world.call("verify", { licenseKey: key, productId: "prod_other" });
    await world.call("verify", { licenseKey: other, productId: "prod_other" });
    await world.call("verify", { licenseKey: "nobody's", productId: "prod_tools" });
    await world.deps.usage.flush();
    expect(await lastDay()).toEqual({ date: "2026-11-20", checks: 6, denials: 3 });
    expect(await lastDay({ productId: "prod_tools" })).toMatchObject({ checks: 5, denials: 3 });
    expect(await lastDay({ productId: "prod_other" })).toMatchObject({ checks: 1, denials: 0 });
    world.clock.advance(DAY);
    await world.call("verify", { licenseKey: key, productId: "prod_tools" });
    await world.deps.usage.flush();
    expect((await stats({ days: 3 }))["days"]).toEqual([
      { date: "2026-11-19", checks: 0, denials: 0 },
      { date: "2026-11-20", checks: 6, denials: 3 },
      { date: "2026-11-21", checks: 1, denials: 0 },
    ]);
  });
});

describe("getStats", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.close());

  test("200 the price is the same whatever it counts", async () => {
    for (let made = 0; made < 20; made++) await world.license();
    await world.admin("getStats", {});
    expect(world.touched()).toEqual({ reads: 30, writes: 0, aggregates: 11 });
    await world.admin("getStats", { days: 7, productId: "prod_tools" });
    expect(world.touched()).toEqual({ reads: 9, writes: 0, aggregates: 11 });
  });

  test("200 an API key counts its own account, and GET takes the same fields as text", async () => {
    const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "studio" });
    await world.license();
    await world.call("createProduct", { name: "x", productId: "prod_x", apiKey });
    await world.call("createLicense", { email: "a@example.com", productId: "prod_x", apiKey });
    const query = { apiKey: String(apiKey), days: "2" };
    const { status, body } = await world.call("getStats", undefined, { method: "GET", query });
    expect([status, body]).toMatchObject([200, { licenses: { total: 1 } }]);
    expect(body["days"]).toHaveLength(2);
    expect(await world.admin("getStats", { creatorId: "studio" })).toMatchObject({
      licenses: { total: 1 },
    });
  });

  test("404 a foreign product looks like none", async () => {
    const { apiKey } = await world.admin("createApiKey", { name: "k", creatorId: "studio" });
    await world.license();
    const foreign = await world.call("getStats", { productId: "prod_tools", apiKey });
    const absent = await world.call("getStats", { productId: "prod_none", apiKey });
    expect([foreign.status, foreign.body]).toEqual([404, absent.body]);
    const elsewhere = { productId: "prod_tools", creatorId: "studio" };
    const headers = { "x-admin-secret": "test-admin-secret" };
    expect((await world.call("getStats", elsewhere, { headers })).status).toBe(404);
  });

  test.each([
    ["days", { days: 0 }],
    ["days", { days: 91 }],
    ["days", { days: "x" }],
    ["days", { days: 1.5 }],
    ["days", { days: true }],
    ["days", { days: [5] }],
    ["days", { days: "07" }],
    ["creatorId", { creatorId: "somebody" }],
    ["product", { product: "x" }],
  ])("400 names %s", async (field, ask) => {
    const { apiKey } = await world.admin("createApiKey", { name: "k" });
    const reply = await world.call("getStats", { ...ask, apiKey });
    expect([reply.status, reply.body["error"]]).toEqual([400, expect.stringContaining(field)]);
  });

  test("an activation an older version made is counted, and is filed under its product when it asks again", async () => {
    const key = await world.license();
    await world.call("activate", machine(key, "a"));
    const found = await world.store.query(activations, "seats", { limit: 1 });
    const { productId: _, ...old } = found.items[0] ?? { productId: null };
    await world.store.commit([{ kind: "set", collection: activations, record: old }]);
    expect(await world.admin("getStats", {})).toMatchObject({ activations: 1 });
    expect(await world.admin("getStats", { productId: "prod_tools" })).toMatchObject({
      activations: 0,
    });
    await world.call("activate", machine(key, "a"));
    expect(await world.admin("getStats", { productId: "prod_tools" })).toMatchObject({
      activations: 1,
    });
  });
});
