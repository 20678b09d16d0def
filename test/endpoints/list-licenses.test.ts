import fc from "fast-check";
import type { License } from "../../functions/src/core/records.ts";
import { auditEntries } from "../../functions/src/store/collections.ts";
import { changeLicense, licenseOf } from "../support/change-license.ts";
import { seedKey, seedLicenses } from "../support/seed-licenses.ts";
import { ADMIN_SECRET, type Json, machine, NOW, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const list = (filter: Json = {}, credentials: Json = {}) =>
  world.call(
    "listLicenses",
    { ...filter, ...credentials },
    credentials["apiKey"] ? {} : { headers },
  );
const listed = (body: Json) => body["licenses"] as Json[];
const keysOf = (body: Json) => listed(body).map(({ key }) => key);

async function apiKey(creatorId: string): Promise<Json> {
  const made = await world.admin("createApiKey", { name: "k", creatorId });
  return { apiKey: made["apiKey"] };
}

async function walk(filter: Json): Promise<unknown[]> {
  const keys: unknown[] = [];
  let cursor: unknown;
  do {
    const { status, body } = await list({ ...filter, ...(cursor ? { cursor } : {}) });
    expect(status).toBe(200);
    keys.push(...keysOf(body));
    cursor = body["nextCursor"];
  } while (cursor);
  return keys;
}

test("200 newest first, each as getLicense shows it, with the machines in use", async () => {
  const first = await world.license({ email: "one@example.com" });
  world.clock.advance(1_000);
  const second = await world.license({ licenseType: "site" });
  for (const name of ["a", "b"]) await world.call("activate", machine(second, name));
  await world.call("activate", machine(first, "a"));
  const { body } = await list();
  const detail = async (licenseKey: string) => {
    const { license, machinesUsed } = await world.admin("getLicense", { licenseKey });
    return { ...(license as Json), machinesUsed };
  };
  expect(body).toEqual({
    success: true,
    licenses: [await detail(second), await detail(first)],
    nextCursor: null,
  });
  expect(listed(body)).toMatchObject([{ machinesUsed: 2 }, { machinesUsed: 1 }]);
});

test("200 by GET, limit as text, page by page", async () => {
  const changes = Array.from({ length: 5 }, (_, n) => ({ createdAt: NOW + Math.floor(n / 2) }));
  await seedLicenses(world.deps, changes);
  const get = async (query: Record<string, string>) =>
    (await world.call("listLicenses", undefined, { method: "GET", query, headers })).body;
  const first = await get({ limit: "2" });
  const second = await get({ limit: "2", cursor: String(first["nextCursor"]) });
  const third = await get({ limit: "2", cursor: String(second["nextCursor"]) });
  expect(third["nextCursor"]).toBeNull();
  const all = [first, second, third].flatMap(keysOf);
  expect(all).toEqual(keysOf(await get({})));
  expect(new Set(all).size).toBe(5);
});

test("200 an empty list", async () => {
  expect((await list()).body).toEqual({ success: true, licenses: [], nextCursor: null });
  expect((await list({ creatorId: "nobody" })).body).toMatchObject({ licenses: [] });
});

test("200 every filter, alone and with the others, as an array of licenses would answer", async () => {
  const owners = ["one", "two"];
  for (const creatorId of owners) {
    for (const name of ["a", "b"]) {
      const productId = `prod_${creatorId}_${name}`;
      await world.admin("createProduct", { name: productId, productId, creatorId });
      await world.license({ productId, email: "made@example.com" });
    }
  }
  const made = listed((await list()).body);
  const products = new Map<string, Pick<License, "accountId" | "productId" | "productHandle">>();
  for (const { key } of made) {
    const { accountId, productId, productHandle } = await licenseOf(world, String(key));
    products.set(productHandle, { accountId, productId, productHandle });
    await changeLicense(world, String(key), { status: "suspended" });
  }
  const emails = ["anna@example.com", "ann@example.com", "bob@example.com", "annabel@example.net"];
  const pick = <T>(values: readonly T[], n: number) => values[n % values.length] as T;
  const changes = Array.from({ length: 120 }, (_, n) => ({
    ...pick([...products.values()], n),
    email: pick(emails, n * 7 + (n >> 3)),
    variant: pick(["indie", "Pro"], n >> 2),
    status: pick(["active", "revoked", "degraded"] as const, n * 5 + (n >> 4)),
    licenseType: pick(["per-machine", "floating", "site"] as const, n * 3 + (n >> 5)),
    createdAt: NOW + (n >> 1),
  }));
  const seeded = await seedLicenses(world.deps, changes);
  const model = [
    ...seeded.map((license, n) => ({ license, key: seedKey(n) })),
    ...(await Promise.all(
      made.map(async ({ key }) => ({
        license: await licenseOf(world, String(key)),
        key: String(key),
      })),
    )),
  ].sort(
    (a, b) =>
      b.license.createdAt - a.license.createdAt || (a.license.keyHash < b.license.keyHash ? 1 : -1),
  );
  const compact = (text: string) => text.replaceAll("-", "").toUpperCase();
  const expected = (filter: Record<string, string>) =>
    model.filter(({ license, key }) =>
      Object.entries(filter).every(([name, wanted]) => {
        if (name === "creatorId") return license.accountId === wanted;
        if (name === "productId") return license.productHandle === wanted;
        if (name === "variant") return license.variant.toLowerCase() === wanted.toLowerCase();
        if (name !== "search") return license[name as "email"] === wanted;
        return license.email.startsWith(wanted) || compact(key).startsWith(compact(wanted));
      }),
    );
  const word = (...values: string[]) => fc.constantFrom(...values);
  const anyFilter = fc.record(
    {
      creatorId: word(...owners),
      productId: word(...products.keys()),
      email: word(...emails),
      status: word("active", "revoked", "degraded", "suspended"),
      variant: word("indie", "pro"),
      licenseType: word("per-machine", "floating", "site"),
      search: word(
        "ann",
        "anna",
        "annabel@example.net",
        "bob@",
        "W10",
        "w1000",
        seedKey(60).slice(0, 8),
        "zzz",
      ),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, string>>;
  await fc.assert(
    fc.asyncProperty(anyFilter, fc.integer({ min: 1, max: 60 }), async (filter, limit) => {
      const owner = products.get(filter["productId"] ?? "")?.accountId;
      if (
        owner !== undefined &&
        filter["creatorId"] !== undefined &&
        owner !== filter["creatorId"]
      ) {
        expect((await list(filter)).body).toMatchObject({ code: "PRODUCT_NOT_FOUND" });
      } else {
        expect(await walk({ ...filter, limit })).toEqual(expected(filter).map(({ key }) => key));
      }
    }),
    { numRuns: 150 },
  );
});

test("200 a variant may come with the product id as prefix; a product by its UUID", async () => {
  const key = await world.license({ variant: "pro" });
  const { productId } = await licenseOf(world, key);
  for (const variant of ["prod_tools-pro", "pro", "PRO"]) {
    expect(keysOf((await list({ productId, variant })).body)).toEqual([key]);
  }
  expect(keysOf((await list({ productId, variant: "indie" })).body)).toEqual([]);
});

test("200 a license that changed is found by what it is now", async () => {
  const key = await world.license();
  await changeLicense(world, key, { status: "revoked", email: "new@example.com" });
  for (const gone of [{ status: "active" }, { email: "a@example.com" }, { search: "a@e" }]) {
    expect(keysOf((await list(gone)).body)).toEqual([]);
  }
  for (const now of [{ status: "revoked" }, { email: "New@Example.com" }, { search: "new@" }]) {
    expect(keysOf((await list(now)).body)).toEqual([key]);
  }
});

test("200 every way to change a license keeps the lists right", async () => {
  const key = await world.license();
  await world.admin("updateLicense", { licenseKey: key, variant: "studio" });
  expect(keysOf((await list({ variant: "studio" })).body)).toEqual([key]);
  await world.admin("revokeLicense", { licenseKey: key });
  expect(keysOf((await list({ status: "revoked" })).body)).toEqual([key]);
  await world.admin("reinstateLicense", { licenseKey: key });
  expect(keysOf((await list({ status: "revoked" })).body)).toEqual([]);
  const { licenseKey } = await world.admin("rotateLicenseKey", { licenseKey: key });
  expect(keysOf((await list({ search: key })).body)).toEqual([]);
  expect(keysOf((await list({ search: licenseKey })).body)).toEqual([licenseKey]);
  await world.call("activate", machine(String(licenseKey), "a"));
  expect(keysOf((await list({ status: "active", variant: "studio" })).body)).toEqual([licenseKey]);
});

test("200 an account sees its own licenses and no others, whatever it filters by", async () => {
  const [one, two] = [await apiKey("one"), await apiKey("two")];
  for (const creatorId of ["one", "two"]) {
    const productId = `prod_${creatorId}`;
    await world.admin("createProduct", { name: "x", productId, creatorId });
    await world.license({ productId, email: "same@example.com" });
  }
  const filters = [{}, { email: "same@example.com" }, { search: "same" }, { status: "active" }];
  for (const filter of filters) {
    expect(listed((await list(filter, one)).body).map((item) => item["productId"])).toEqual([
      "prod_one",
    ]);
    expect(listed((await list(filter, two)).body).map((item) => item["productId"])).toEqual([
      "prod_two",
    ]);
    expect(listed((await list(filter)).body)).toHaveLength(2);
  }
  const key = keysOf((await list({}, two)).body)[0];
  expect(keysOf((await list({ search: String(key) }, one)).body)).toEqual([]);
  const { body } = await list({ limit: 1 });
  const foreign = await list({ cursor: body["nextCursor"] }, one);
  expect(listed(foreign.body).every((item) => item["productId"] === "prod_one")).toBe(true);
});

test("200 a key that is bound to products sees theirs only, whatever it filters by", async () => {
  for (const name of ["a", "b", "c"]) {
    const productId = `prod_${name}`;
    await world.admin("createProduct", { name, productId, creatorId: "one" });
    await world.license({ productId, email: "same@example.com" });
    world.clock.advance(1);
  }
  const terms = { name: "k", creatorId: "one", productIds: ["prod_a", "prod_b"] };
  const bound = { apiKey: (await world.admin("createApiKey", terms))["apiKey"] };
  const handles = (body: Json) => listed(body).map((item) => item["productId"]);
  for (const filter of [
    {},
    { status: "active" },
    { email: "same@example.com" },
    { search: "same" },
  ]) {
    expect(handles((await list(filter, bound)).body)).toEqual(["prod_b", "prod_a"]);
    const first = (await list({ ...filter, limit: 1 }, bound)).body;
    expect(handles(first)).toEqual(["prod_b"]);
    const second = await list({ ...filter, limit: 1, cursor: first["nextCursor"] }, bound);
    expect(handles(second.body)).toEqual(["prod_a"]);
  }
  expect((await list({ productId: "prod_c" }, bound)).status).toBe(404);
});

test("404 a product of another account is answered like one that is not there", async () => {
  await world.admin("createProduct", { name: "x", productId: "prod_two", creatorId: "two" });
  const one = await apiKey("one");
  const absent = await list({ productId: "prod_none" }, one);
  const foreign = await list({ productId: "prod_two" }, one);
  expect(absent).toMatchObject({
    status: 404,
    body: { success: false, code: "PRODUCT_NOT_FOUND" },
  });
  expect(foreign.body).toEqual(absent.body);
  expect((await list({ productId: "prod_two", creatorId: "one" })).body).toEqual(absent.body);
});

test("400 an API key cannot ask for another account", async () => {
  const one = await apiKey("one");
  expect((await list({ creatorId: "two" }, one)).body).toMatchObject({ code: "ACCOUNT_FIXED" });
  expect((await list({ creatorId: "one" }, one)).status).toBe(200);
});

test.each([
  [{ status: "expired" }, "status: must be"],
  [{ search: "ab" }, "search: must have at least 3 characters"],
  [{ search: "  ab  " }, "search: must have at least 3 characters"],
  [{ limit: 0 }, "limit: must be a whole number from 1 to 500"],
  [{ limit: 501 }, "limit: must be a whole number from 1 to 500"],
  [{ limit: "ten" }, "limit: must be a whole number from 1 to 500"],
  [{ cursor: "nonsense" }, "cursor: is not a cursor this list gave out"],
  [{ licenseType: "single" }, "licenseType: must be"],
  [{ mail: "a@example.com" }, "mail: is not a field of this request"],
])("400 %j", async (filter, error) => {
  expect(await list(filter)).toMatchObject({
    status: 400,
    body: { success: false, error: expect.stringContaining(error), code: "INVALID_REQUEST" },
  });
});

test("paging visits every license once while new ones arrive", async () => {
  await seedLicenses(
    world.deps,
    Array.from({ length: 25 }, (_, n) => ({ createdAt: NOW + n })),
  );
  const seen: unknown[] = [];
  let cursor: unknown;
  let arrived = 100;
  do {
    const { body } = await list({ limit: 4, ...(cursor ? { cursor } : {}) });
    seen.push(...keysOf(body));
    cursor = body["nextCursor"];
    await seedLicenses(world.deps, [{ createdAt: NOW + arrived }], arrived++);
  } while (cursor);
  expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => seedKey(24 - n)));
});

test("a page reads its own licenses, an unlimited one costs an aggregate query", async () => {
  await world.license({ email: "tenth@example.com", licenseType: "site" });
  const { accountId, productId } = await licenseOf(world, String(keysOf((await list()).body)[0]));
  const own = { accountId, productId };
  const changes = Array.from({ length: 300 }, (_, n) => ({ ...own, createdAt: NOW - 1 - n }));
  await seedLicenses(world.deps, changes);
  const cost = async (filter: Json) => {
    const { body } = await list({ limit: 10, ...filter });
    return { ...world.touched(), body };
  };
  const { body, ...first } = await cost({});
  expect(first).toEqual({ reads: 10, writes: 0, aggregates: 1 });
  const page = { reads: 10, writes: 0, aggregates: 0 };
  expect(await cost({ cursor: body["nextCursor"] })).toMatchObject(page);
  expect(
    await cost({ status: "active", variant: "indie", licenseType: "per-machine" }),
  ).toMatchObject(page);
  expect(await cost({ creatorId: accountId, status: "active" })).toMatchObject({ reads: 10 });
  expect(await cost({ email: "artist@example.com" })).toMatchObject(page);
  expect(await cost({ search: "artist@example.com" })).toMatchObject(page);
  expect(await cost({ productId: "prod_tools", status: "active" })).toMatchObject({ reads: 12 });
});

test("a filter that is checked license by license looks at 500 a call and leads on", async () => {
  await world.license({ email: "artist@example.com", variant: "rare" });
  const changes = Array.from({ length: 1_200 }, (_, n) => ({ createdAt: NOW + 1 + n }));
  await seedLicenses(world.deps, changes);
  const first = await list({ search: "artist", variant: "rare", limit: 10 });
  expect(first.body).toMatchObject({ licenses: [], nextCursor: expect.any(String) });
  // The key's own facet is looked up too, and finding nothing is billed as a read.
  expect(world.touched().reads).toBeLessThanOrEqual(520);
  expect(await walk({ search: "artist", variant: "rare" })).toHaveLength(1);
});

test("what is stored says nothing of a key's beginning", async () => {
  const key = await world.license();
  const { facets } = await licenseOf(world, key);
  expect(facets.every((facet) => /^[\w-]{11}$/.test(facet))).toBe(true);
  const audit = await world.store.query(auditEntries, "byAccount", {
    equal: { accountId: "default" },
    limit: 9,
  });
  expect(JSON.stringify(audit)).not.toContain(facets[0]);
});
