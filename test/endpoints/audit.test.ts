import { auditEntries } from "../../functions/src/store/collections.ts";
import { ADMIN_SECRET, DAY, type Json, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const entries = async (accountId: string) =>
  (await world.store.query(auditEntries, "byAccount", { equal: { accountId }, limit: 50 })).items;

test("who made what is written with it, without keys and secrets", async () => {
  const made = await world.admin("createApiKey", { name: "shop", creatorId: "studio" });
  const apiKey = String(made["apiKey"]);
  await world.call("createProduct", { name: "x", productId: "prod_x", apiKey });
  await world.call("createVariant", { productId: "prod_x", name: "pro", apiKey });
  const order = { email: "a@example.com", productId: "prod_x", apiKey };
  const { body } = await world.call("createLicense", order);
  const kept = await entries("studio");
  expect(kept.map(({ action, actor }) => [action, actor.kind]).sort()).toEqual([
    ["apiKey.create", "administrator"],
    ["license.create", "api-key"],
    ["product.create", "api-key"],
    ["variant.create", "api-key"],
  ]);
  expect(kept.every(({ before, after }) => before === null && after !== null)).toBe(true);
  expect(JSON.stringify(kept)).not.toContain(apiKey);
  expect(JSON.stringify(kept)).not.toContain(String(body["licenseKey"]));
});

test("a refused change leaves no entry", async () => {
  await world.license();
  const before = await entries("default");
  await world.call("createProduct", { name: "y", productId: "prod_tools", adminSecret: "wrong" });
  const again = { name: "y", productId: "prod_tools" };
  await world.call("createProduct", again, { headers: { "x-admin-secret": "test-admin-secret" } });
  expect(await entries("default")).toEqual(before);
});

describe("listAuditLog", () => {
  type Entry = { action: string; accountId: string; targetId: string; at: string } & Json;
  const log = async (ask: Json = {}) =>
    (await world.admin("listAuditLog", ask)) as { entries: Entry[]; nextCursor: string | null };
  const actions = async (ask: Json) => (await log(ask)).entries.map(({ action }) => action);
  const day = (days: number) => new Date(NOW + days * DAY).toISOString();

  /** Three entries of one account, a day apart, then one of another. */
  async function history() {
    const key = await world.admin("createApiKey", { name: "k", creatorId: "studio" });
    const apiKey = String(key["apiKey"]);
    world.clock.advance(DAY);
    await world.call("createProduct", { name: "x", productId: "prod_x", apiKey });
    world.clock.advance(DAY);
    await world.call("createVariant", { productId: "prod_x", name: "pro", apiKey });
    world.clock.advance(DAY);
    await world.admin("createProduct", { name: "y", productId: "prod_y", creatorId: "other" });
    return { keyId: String(key["keyId"]), apiKey };
  }

  test("200 who did what to what, newest first", async () => {
    const { keyId } = await history();
    const { entries, nextCursor } = await log({ creatorId: "studio" });
    expect(nextCursor).toBeNull();
    expect(entries.map(({ action }) => action)).toEqual([
      "variant.create",
      "product.create",
      "apiKey.create",
    ]);
    expect(entries[0]).toEqual({
      id: expect.any(String),
      at: day(2),
      actor: { kind: "api-key", keyId },
      accountId: "studio",
      action: "variant.create",
      targetId: expect.any(String),
      before: null,
      after: expect.objectContaining({ name: "pro" }),
    });
    expect(entries[2]).toMatchObject({
      targetId: keyId,
      actor: { kind: "administrator", keyId: null },
    });
  });

  test("200 instants are ISO 8601 however deep, and other numbers stay", async () => {
    const licenseKey = await world.license();
    await world.admin("updateLicense", { licenseKey, expiresAt: "2027-01-01", maxMachines: 5 });
    const { entries } = await log({ action: "license.update" });
    expect(entries).toMatchObject([
      {
        before: { expiresAt: null, maxMachines: 2 },
        after: { expiresAt: "2027-01-01T00:00:00.000Z", maxMachines: 5 },
      },
    ]);
    const { entries: made } = await log({ action: "license.create" });
    expect(made).toMatchObject([
      { after: { createdAt: day(0), attempts: { startedAt: expect.any(String) } } },
    ]);
  });

  test("each filter alone, of one account and of all, with and without a time", async () => {
    const { keyId } = await history();
    const made = "product.create";
    const cases: [Json, string[]][] = [
      [{}, [made, "variant.create", made, "apiKey.create"]],
      [{ action: made }, [made, made]],
      [{ action: made, creatorId: "studio" }, [made]],
      [{ targetId: keyId }, ["apiKey.create"]],
      [{ targetId: keyId, creatorId: "other" }, []],
      [{ keyId }, ["variant.create", made]],
      [{ keyId, creatorId: "studio", to: day(2) }, [made]],
      [{ keyId, creatorId: "other" }, []],
      [{ from: day(1), to: day(3) }, ["variant.create", made]],
      [{ action: made, from: day(3) }, [made]],
      [{ creatorId: "studio", to: day(1) }, ["apiKey.create"]],
      [{ from: day(9) }, []],
    ];
    for (const [ask, expected] of cases) {
      expect([ask, await actions(ask)]).toEqual([ask, expected]);
    }
  });

  test("an API key sees its own account, by GET too", async () => {
    const { apiKey } = await history();
    const reply = await world.call("listAuditLog", undefined, {
      method: "GET",
      query: { action: "product.create", limit: "5", from: day(0) },
      headers: { "x-api-key": apiKey },
    });
    expect(reply).toMatchObject({ status: 200, body: { entries: [{ accountId: "studio" }] } });
    expect(await world.call("listAuditLog", { creatorId: "other", apiKey })).toMatchObject({
      status: 400,
      body: { code: "ACCOUNT_FIXED" },
    });
  });

  test("page by page; a page costs its own items", async () => {
    for (let made = 1; made <= 7; made++) {
      await world.admin("createProduct", { name: `p${made}`, creatorId: "studio" });
    }
    const seen: unknown[] = [];
    let cursor: string | null | undefined;
    for (const reads of [3, 3, 1]) {
      const page = await log({
        creatorId: "studio",
        limit: 3,
        from: day(0),
        ...(cursor ? { cursor } : {}),
      });
      expect(world.touched()).toEqual({ reads, writes: 0, aggregates: 0 });
      seen.push(...page.entries.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(7);
    expect(cursor).toBeNull();
  });

  test("400 two filters that no index serves together, and a time that is none", async () => {
    const keyId = "5f0c2c1e-0a1b-4c3d-8e5f-00000000000a";
    const cases: [Json, string][] = [
      [{ action: "a", targetId: "b" }, "action: give at most one of action, targetId and keyId"],
      [{ action: "a", keyId }, "action: give at most one of action, targetId and keyId"],
      [{ targetId: "b", keyId }, "targetId: give at most one of action, targetId and keyId"],
      [{ from: "yesterday" }, "from: must be an ISO 8601 date-time"],
      [{ keyId: "k" }, "keyId: must be a key's id"],
    ];
    for (const [ask, error] of cases) {
      const options = { headers: { "x-admin-secret": ADMIN_SECRET } };
      expect(await world.call("listAuditLog", ask, options)).toMatchObject({
        status: 400,
        body: { error, code: "INVALID_REQUEST" },
      });
    }
  });
});
