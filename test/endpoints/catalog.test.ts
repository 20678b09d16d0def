import { auditEntries } from "../../functions/src/store/collections.ts";
import { ADMIN_SECRET, type Json, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const ask = (name: string, body: Json) => world.call(name, body, { headers });
const get = (name: string, query: Record<string, string>) =>
  world.call(name, undefined, { method: "GET", query, headers });
const keyOf = async (creatorId: string) =>
  String((await world.admin("createApiKey", { name: "k", creatorId }))["apiKey"]);

/** Products `prod_<name>`, each a second younger than the one before. */
async function make(...names: (Json & { name: string })[]) {
  for (const product of names) {
    await world.admin("createProduct", { productId: `prod_${product.name}`, ...product });
    world.clock.advance(1_000);
  }
}

const idsOf = (body: Json) => (body["products"] as Json[]).map((product) => product["productId"]);
const variantsOf = (body: Json) =>
  (body["variants"] as Json[]).map((variant) => variant["variantId"]);
const actions = async (accountId: string) => {
  const asked = { equal: { accountId }, limit: 50 };
  return (await world.store.query(auditEntries, "byAccount", asked)).items;
};

test("200 listProducts shows live products newest first, all of them with includeAll", async () => {
  await make(
    { name: "a", description: "Words" },
    { name: "b", status: "unlisted" },
    { name: "c", status: "archived" },
    { name: "d" },
  );
  const live = await ask("listProducts", {});
  expect(idsOf(live.body)).toEqual(["prod_d", "prod_a"]);
  expect(live.body).toMatchObject({ success: true, nextCursor: null });
  expect((live.body["products"] as Json[])[1]).toEqual({
    productId: "prod_a",
    projectId: expect.stringMatching(/^[0-9a-f]{32}$/),
    enforcement: {
      countriesPerDay: 5,
      newMachinesPerSlot: 5,
      turnedAwayPerSeat: 2,
      addressesPerDay: 40,
    },
    paymentIds: { stripe: [], gumroad: [], lemonSqueezy: [], paddle: [], polar: [] },
    unlocks: [],
    quantity: "seats",
    graceDays: 3,
    enabled: true,
    expiresAt: null,
    name: "a",
    slug: "a",
    status: "live",
    active: true,
    description: "Words",
    createdAt: "2026-11-20T09:00:00.000Z",
  });
  const all = await ask("listProducts", { includeAll: true });
  expect(idsOf(all.body)).toEqual(["prod_d", "prod_c", "prod_b", "prod_a"]);
  expect((all.body["products"] as Json[]).map(({ active }) => active)).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect((await get("listProducts", { includeAll: "true" })).body).toEqual(all.body);
  expect((await get("listProducts", { includeAll: "false" })).body).toEqual(live.body);
});

test.each([{}, { includeAll: "true" }, { creatorId: "default" }])(
  "200 pages of products %j join to the whole list, each at the cost of its items",
  async (filter) => {
    await make(..."abcdefg".split("").map((name) => ({ name })));
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = { limit: "3", ...filter, ...(cursor ? { cursor } : {}) };
      const { body } = await get("listProducts", page);
      expect(world.touched()).toMatchObject({ reads: idsOf(body).length, writes: 0 });
      seen.push(...idsOf(body));
      cursor = body["nextCursor"] as string | undefined;
    } while (cursor);
    expect(seen).toEqual(["g", "f", "e", "d", "c", "b", "a"].map((name) => `prod_${name}`));
  },
);

test.each([
  [{ limit: 0 }, "limit: must be a whole number from 1 to 500"],
  [{ limit: 501 }, "limit: must be a whole number from 1 to 500"],
  [{ limit: "501" }, "limit: must be a whole number from 1 to 500"],
  [{ limit: "ten" }, "limit: must be a whole number from 1 to 500"],
  [{ includeAll: "yes" }, "includeAll: must be true or false"],
  [{ cursor: "nope" }, "cursor: is not a cursor this list gave out"],
  [{ all: true }, "all: is not a field of this request"],
])("400 listProducts %j", async (body, error) => {
  expect(await ask("listProducts", body)).toMatchObject({ status: 400, body: { error } });
});

test("an API key lists its own products, the admin secret everybody's or one account's", async () => {
  await make({ name: "a", creatorId: "mine" }, { name: "b", creatorId: "theirs" });
  const apiKey = await keyOf("mine");
  for (const includeAll of [true, false]) {
    expect(idsOf((await world.call("listProducts", { includeAll, apiKey })).body)).toEqual([
      "prod_a",
    ]);
    expect(idsOf((await ask("listProducts", { includeAll })).body)).toEqual(["prod_b", "prod_a"]);
    expect(idsOf((await ask("listProducts", { includeAll, creatorId: "theirs" })).body)).toEqual([
      "prod_b",
    ]);
  }
  expect(await world.call("listProducts", { creatorId: "theirs", apiKey })).toMatchObject({
    status: 400,
    body: { code: "ACCOUNT_FIXED" },
  });
});

test("a key that is bound to products lists those, newest first", async () => {
  await make({ name: "a" }, { name: "b" }, { name: "c" }, { name: "d", status: "archived" });
  const productIds = ["prod_a", "prod_c", "prod_d"];
  const { apiKey } = await world.admin("createApiKey", { name: "k", productIds });
  expect(idsOf((await world.call("listProducts", { apiKey })).body)).toEqual(["prod_c", "prod_a"]);
  expect(idsOf((await world.call("listProducts", { apiKey, includeAll: true })).body)).toEqual([
    "prod_d",
    "prod_c",
    "prod_a",
  ]);
});

test("200 updateProduct changes what is given and leaves the rest", async () => {
  await make({ name: "a", description: "Words" });
  const changed = await world.admin("updateProduct", { productId: "prod_a", name: "Better" });
  expect(changed).toMatchObject({
    success: true,
    product: { productId: "prod_a", name: "Better", slug: "a", description: "Words" },
  });
  world.clock.advance(1_000);
  const after = { name: "Best", slug: "best", description: "", status: "unlisted" };
  const again = await world.admin("updateProduct", { productId: "prod_a", ...after });
  expect(again["product"]).toMatchObject({ ...after, active: false });
  await world.admin("updateProduct", { productId: "prod_a", ...after });
  expect(world.touched().writes).toBe(0);
  expect((await actions("default")).map(({ action, before, after: now }) => [action, before, now]))
    // Newest first; setting what is set left no entry.
    .toEqual([
      [
        "product.update",
        { name: "Better", slug: "a", description: "Words", status: "live" },
        after,
      ],
      ["product.update", { name: "a" }, { name: "Better" }],
      ["product.create", null, expect.anything()],
    ]);
});

test("409 a slug is unique in the account, and free once it is given up", async () => {
  await make({ name: "a" }, { name: "b" }, { name: "c", creatorId: "other" });
  const rename = (productId: string, slug: string) => ask("updateProduct", { productId, slug });
  expect(await rename("prod_b", "a")).toMatchObject({
    status: 409,
    body: { success: false, code: "SLUG_TAKEN", error: "slug: already taken in this account" },
  });
  expect((await rename("prod_c", "a")).status).toBe(200);
  expect((await rename("prod_a", "a")).status).toBe(200);
  expect((await rename("prod_a", "z")).status).toBe(200);
  expect((await rename("prod_b", "a")).status).toBe(200);
  expect((await rename("prod_a", "b")).status).toBe(200);
  expect((await ask("createProduct", { name: "x", slug: "z" })).status).toBe(200);
  expect((await ask("createProduct", { name: "x", slug: "a" })).status).toBe(409);
});

test("of 20 products that want one slug at once, one gets it", async () => {
  const names = Array.from({ length: 20 }, (_, index) => ({ name: `n${index}` }));
  await make(...names);
  const replies = await Promise.all(
    names.map(({ name }) => ask("updateProduct", { productId: `prod_${name}`, slug: "wanted" })),
  );
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(replies.filter(({ status }) => status === 409)).toHaveLength(19);
});

test.each([
  [{ status: "gone" }, 'status: must be "live", "unlisted" or "archived"'],
  [{ slug: "No Slug" }, "slug: must be lower-case words joined by hyphens"],
  [{ productId: undefined }, "productId: is required"],
  [{ handle: "x" }, "handle: is not a field of this request"],
])("400 updateProduct %j", async (body, error) => {
  const reply = await ask("updateProduct", { productId: "prod_a", ...body });
  expect(reply).toMatchObject({ status: 400, body: { error } });
});

test("409 an archived product sells nothing new, and its licenses go on", async () => {
  const licenseKey = await world.license();
  await make({ name: "b" });
  await world.admin("updateProduct", { productId: "prod_tools", status: "archived" });
  const order = { email: "a@example.com", productId: "prod_tools" };
  expect(await ask("createLicense", order)).toMatchObject({
    status: 409,
    body: { code: "PRODUCT_ARCHIVED", error: expect.stringContaining("productId: ") },
  });
  const bundle = { ...order, productId: "prod_b", unlockedProducts: ["prod_tools"] };
  expect(await ask("createLicense", bundle)).toMatchObject({
    status: 409,
    body: { code: "PRODUCT_ARCHIVED", error: expect.stringContaining("unlockedProducts: ") },
  });
  const kept = { licenseKey, productId: "prod_tools" };
  expect((await world.call("verify", kept)).status).toBe(200);
  await world.admin("updateProduct", { productId: "prod_tools", status: "unlisted" });
  expect((await ask("createLicense", order)).status).toBe(200);
});

test("200 listVariants shows active ones newest first, and never an error key", async () => {
  await make({ name: "a" });
  const variant = { productId: "prod_a", licenseType: "floating", maxConcurrent: 5 };
  await world.admin("createVariant", { ...variant, name: "studio", label: "Studio" });
  world.clock.advance(1_000);
  await world.admin("createVariant", { productId: "prod_a", name: "old", active: false });
  const { body } = await ask("listVariants", { productId: "prod_a" });
  expect(body).toEqual({
    success: true,
    variants: [
      {
        variantId: "prod_a-studio",
        name: "Studio",
        licenseType: "floating",
        maxMachines: null,
        maxConcurrent: 5,
        durationDays: null,
        active: true,
      },
    ],
    nextCursor: null,
  });
  const all = await get("listVariants", { productId: "prod_a", includeAll: "true", limit: "1" });
  expect(variantsOf(all.body)).toEqual(["prod_a-old"]);
  const cursor = String(all.body["nextCursor"]);
  const next = await get("listVariants", { productId: "prod_a", includeAll: "true", cursor });
  expect(variantsOf(next.body)).toEqual(["prod_a-studio"]);
  // Handle, product and one variant.
  expect(world.touched()).toMatchObject({ reads: 3, writes: 0 });
});

test("200 updateVariant by either name changes what new licenses are like", async () => {
  await make({ name: "a" });
  const terms = { licenseType: "floating", maxMachines: 3, maxConcurrent: 5, durationDays: 30 };
  await world.admin("createVariant", { productId: "prod_a", name: "Pro", ...terms });
  const before = await world.license({ productId: "prod_a", variant: "pro" });
  const cleared = { licenseType: null, maxMachines: null, maxConcurrent: null, durationDays: null };
  expect(await world.admin("updateVariant", { variantId: "prod_a-pro", ...cleared })).toEqual({
    success: true,
    variant: { variantId: "prod_a-Pro", name: "Pro", ...cleared, active: true },
  });
  for (const name of ["PRO", "prod_a-pro"]) {
    await world.admin("updateVariant", { productId: "prod_a", name, label: name, maxMachines: 7 });
  }
  const after = await world.license({ productId: "prod_a", variant: "pro" });
  expect(await world.admin("getLicense", { licenseKey: before })).toMatchObject({
    license: { licenseType: "floating", maxConcurrent: 5 },
  });
  expect(await world.admin("getLicense", { licenseKey: after })).toMatchObject({
    license: { licenseType: "per-machine", maxMachines: 7, expiresAt: null },
  });
  const updates = (await actions("default")).filter(({ action }) => action === "variant.update");
  expect(updates).toHaveLength(3);
  expect(updates).toContainEqual(expect.objectContaining({ before: terms, after: cleared }));
});

test("a variantId is split where a product and a variant meet, and refused when two could", async () => {
  await make({ name: "x", productId: "my-app" }, { name: "y", productId: "my" });
  await world.admin("createVariant", { productId: "my-app", name: "pro-max" });
  expect(await world.admin("updateVariant", { variantId: "my-app-pro-max" })).toMatchObject({
    variant: { variantId: "my-app-pro-max" },
  });
  await world.admin("createVariant", { productId: "my", name: "app-pro-max" });
  expect(await ask("updateVariant", { variantId: "my-app-pro-max" })).toMatchObject({
    status: 400,
    body: { code: "VARIANT_AMBIGUOUS" },
  });
  const exact = { productId: "my", name: "app-pro-max", label: "This" };
  expect(await world.admin("updateVariant", exact)).toMatchObject({ variant: { name: "This" } });
});

test("409 an inactive variant is not sold", async () => {
  await make({ name: "a" });
  await world.admin("createVariant", { productId: "prod_a", name: "pro" });
  await world.admin("updateVariant", { variantId: "prod_a-pro", active: false });
  const order = { email: "a@example.com", productId: "prod_a", variant: "pro" };
  expect(await ask("createLicense", order)).toMatchObject({
    status: 409,
    body: { code: "VARIANT_INACTIVE" },
  });
  expect((await ask("createLicense", { ...order, variant: "indie" })).status).toBe(200);
});

test.each([
  [{}, "body: must have either variantId, or productId and name"],
  [{ productId: "prod_a" }, "body: must have either variantId, or productId and name"],
  [{ variantId: "x-y", name: "y" }, "body: must have either variantId, or productId and name"],
  [{ variantId: "x-y", durationDays: 0 }, "durationDays: must be at least 1"],
])("400 updateVariant %j", async (body, error) => {
  expect(await ask("updateVariant", body)).toMatchObject({ status: 400, body: { error } });
});

test("404 what is another account's looks absent", async () => {
  await make({ name: "a", creatorId: "mine" });
  await world.admin("createVariant", { productId: "prod_a", name: "pro", creatorId: "mine" });
  const apiKey = await keyOf("theirs");
  const pairs: [string, Json, Json][] = [
    ["updateProduct", { productId: "prod_a", name: "x" }, { productId: "prod_z", name: "x" }],
    ["listVariants", { productId: "prod_a" }, { productId: "prod_z" }],
    ["updateVariant", { variantId: "prod_a-pro" }, { variantId: "prod_z-pro" }],
    ["updateVariant", { productId: "prod_a", name: "pro" }, { productId: "prod_z", name: "pro" }],
  ];
  for (const [name, foreign, absent] of pairs) {
    const reply = await world.call(name, { ...foreign, apiKey });
    expect([name, reply.status]).toEqual([name, 404]);
    expect(reply.body).toEqual((await world.call(name, { ...absent, apiKey })).body);
  }
  expect(await ask("updateVariant", { variantId: "prod_a-none" })).toMatchObject({
    status: 404,
    body: { code: "VARIANT_NOT_FOUND", error: "variantId: no such variant" },
  });
});
