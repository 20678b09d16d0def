import type { Provider } from "../../functions/src/core/payments.ts";
import { findByPaymentId } from "../../functions/src/operations/products/payment-ids.ts";
import { products } from "../../functions/src/store/collections.ts";
import { auditOf } from "../support/change-license.ts";
import { ADMIN_SECRET, type Json, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const headers = { "x-admin-secret": ADMIN_SECRET };
const ask = (name: string, body: Json) => world.call(name, body, { headers });
const make = (name: string, more: Json = {}) =>
  world.admin("createProduct", { name, productId: `prod_${name}`, ...more });
const update = async (name: string, more: Json) =>
  (await world.admin("updateProduct", { productId: `prod_${name}`, ...more }))["product"] as Json;
/** The handle and variant that an id leads to. */
async function sold(provider: Provider, ...ids: string[]) {
  const found = await findByPaymentId(world.store, provider, ids);
  const product = found && (await world.store.get(products, found.productId));
  return found && [product?.handle, found.variant];
}
const many = (count: number, prefix = "id") =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

test("200 a product says which payment ids are it, and with which variant", async () => {
  await make("a", {
    paymentIds: { stripe: ["price_1", { id: " price_2 ", variant: "prod_a-pro" }], gumroad: ["x"] },
  });
  expect(await update("a", {})).toMatchObject({
    paymentIds: {
      stripe: [
        { id: "price_1", variant: null },
        { id: "price_2", variant: "pro" },
      ],
      gumroad: [{ id: "x", variant: null }],
      lemonSqueezy: [],
      paddle: [],
    },
  });
  expect(await sold("stripe", "price_2")).toEqual(["prod_a", "pro"]);
  expect(await sold("stripe", "nope", "price_1", "price_2")).toEqual(["prod_a", null]);
  expect(await sold("gumroad", "price_1")).toBeUndefined();
  expect(await sold("gumroad")).toBeUndefined();
});

test("200 a list replaces its provider's, and frees what is not in it", async () => {
  const paymentIds = { stripe: ["one", "two"], paddle: ["one"] };
  await make("a", { paymentIds });
  await make("b");
  const changed = await update("a", { paymentIds: { stripe: [{ id: "two", variant: "pro" }] } });
  expect(changed["paymentIds"]).toMatchObject({
    stripe: [{ id: "two", variant: "pro" }],
    paddle: [{ id: "one", variant: null }],
  });
  expect(await sold("stripe", "one")).toBeUndefined();
  expect(await sold("stripe", "two")).toEqual(["prod_a", "pro"]);
  expect(await sold("paddle", "one")).toEqual(["prod_a", null]);
  await update("b", { paymentIds: { stripe: ["one"] } });
  expect(await sold("stripe", "one")).toEqual(["prod_b", null]);
  // What an answer shows may be sent back, and changes nothing.
  await update("a", { paymentIds: changed["paymentIds"] });
  expect(world.touched().writes).toBe(0);
  const [entry] = (await auditOf(world)).filter(({ action }) => action === "product.update");
  expect(Object.keys(entry?.after ?? {})).toEqual(["paymentIds"]);
});

test("409 an id is one product's in the service, and nobody is told whose", async () => {
  await make("a", { creatorId: "theirs", paymentIds: { stripe: ["one"] } });
  await make("b", { creatorId: "mine" });
  const refused = {
    status: 409,
    body: {
      success: false,
      code: "PAYMENT_ID_TAKEN",
      error: "paymentIds.stripe: names an id that another product has",
    },
  };
  const wanted = { paymentIds: { gumroad: ["free"], stripe: ["free", "one"] } };
  expect(await ask("updateProduct", { productId: "prod_b", ...wanted })).toMatchObject(refused);
  expect(await ask("createProduct", { name: "c", ...wanted })).toMatchObject(refused);
  await make("d", { creatorId: "mine", paymentIds: { stripe: ["two"] } });
  const own = { productId: "prod_b", paymentIds: { stripe: ["two"] } };
  expect((await ask("updateProduct", own)).body).toEqual(refused.body);
  expect(await sold("stripe", "free")).toBeUndefined();
  expect(await sold("gumroad", "free")).toBeUndefined();
});

test("400 more than 400 ids do not change in one call; 100 of each provider do", async () => {
  const all = (prefix: string) => {
    const ids = many(100, prefix);
    return { stripe: ids, gumroad: ids, lemonSqueezy: ids, paddle: ids };
  };
  await make("a", { paymentIds: all("old") });
  expect(world.touched().writes).toBeLessThan(500);
  const { stripe, gumroad, ...others } = all("new");
  const swap = { productId: "prod_a", paymentIds: { stripe, gumroad, paddle: ["x"] } };
  expect(await ask("updateProduct", swap)).toMatchObject({
    status: 400,
    body: {
      code: "PAYMENT_IDS_TOO_MANY",
      error: "paymentIds: changes more than 400 ids; change them in several calls",
    },
  });
  await update("a", { slug: "b", paymentIds: { stripe, gumroad } });
  expect(world.touched().writes).toBeLessThan(500);
  await update("a", { paymentIds: others });
  const variants = stripe.map((id) => ({ id, variant: "pro" }));
  await update("a", { paymentIds: { stripe: variants } });
  expect(await sold("stripe", "new-99")).toEqual(["prod_a", "pro"]);
  expect(await sold("paddle", "old-0")).toBeUndefined();
});

test.each([
  [{ paymentIds: { stripe: many(101) } }, "paymentIds.stripe: must name at most 100 ids"],
  [{ paymentIds: { stripe: ["a", { id: "a" }] } }, "paymentIds.stripe: must name each id once"],
  [{ paymentIds: { stripe: ["a", " a"] } }, "paymentIds.stripe: must name each id once"],
  [{ paymentIds: { stripe: [" "] } }, "paymentIds.stripe.0: must be an id of at most 200"],
  [{ paymentIds: { paddle: ["x".repeat(201)] } }, "paymentIds.paddle.0: must be an id of at most"],
  [{ paymentIds: { paddle: [{ id: "x", variant: "a b" }] } }, "paymentIds.paddle.0"],
  [{ paymentIds: { paypal: ["x"] } }, "paypal: is not a field of this request"],
  [{ unlocks: Array(51).fill("prod_b") }, "unlocks: must name at most 50 products"],
  [{ quantity: "boxes" }, 'quantity: must be "seats" or "keys"'],
  [{ graceDays: 61 }, "graceDays: must be at most 60"],
  [{ graceDays: -1 }, "graceDays: must be at least 0"],
  [{ graceDays: 1.5 }, "graceDays: must be a whole number"],
])("400 %j", async (more, error) => {
  for (const [name, body] of [
    ["createProduct", { name: "a" }],
    ["updateProduct", { productId: "prod_a" }],
  ] as const) {
    const reply = await ask(name, { ...body, ...more });
    expect(reply).toMatchObject({ status: 400, body: { error: expect.stringContaining(error) } });
  }
});

test("200 a bundle's licenses unlock its products under its name, unless they say otherwise", async () => {
  const { projectId } = await make("a");
  await make("b");
  await make("suite", { unlocks: ["prod_b", projectId, "prod_a"] });
  expect(await update("suite", {})).toMatchObject({ unlocks: ["prod_b", "prod_a"] });
  const licensed = async (more: Json = {}) => {
    const licenseKey = await world.license({ productId: "prod_suite", ...more });
    return (await world.admin("getLicense", { licenseKey }))["license"];
  };
  expect(await licensed()).toMatchObject({
    unlockedProducts: ["prod_b", "prod_a"],
    bundleId: "prod_suite",
  });
  expect(await licensed({ bundleId: "own" })).toMatchObject({ bundleId: "own" });
  expect(await licensed({ unlockedProducts: ["prod_a"] })).toMatchObject({
    unlockedProducts: ["prod_a"],
    bundleId: null,
  });
  expect(await licensed({ unlockedProducts: [] })).toMatchObject({ unlockedProducts: [] });
  const row = { email: "a@example.com", productId: "prod_suite", licenseKey: "BROUGHT-1" };
  await world.admin("importLicenses", { licenses: [row] });
  for (const productId of ["prod_suite", "prod_a", "prod_b"]) {
    expect((await world.call("verify", { ...row, productId })).status).toBe(200);
  }
  await update("suite", { unlocks: [] });
  expect(await licensed()).toMatchObject({ unlockedProducts: [], bundleId: null });
});

test("404 a bundle unlocks other products of its account", async () => {
  await make("a");
  await make("theirs", { creatorId: "theirs" });
  for (const [name, body] of [
    ["createProduct", { name: "x", productId: "prod_x", unlocks: ["prod_x"] }],
    ["createProduct", { name: "x", unlocks: ["prod_theirs"] }],
    ["updateProduct", { productId: "prod_a", unlocks: ["prod_nowhere"] }],
    ["updateProduct", { productId: "prod_a", unlocks: ["prod_theirs"] }],
    ["updateProduct", { productId: "prod_a", unlocks: ["prod_a"] }],
  ] as const) {
    expect(await ask(name, body)).toMatchObject({
      status: 404,
      body: { code: "PRODUCT_NOT_FOUND", error: "unlocks: no such product" },
    });
  }
});

test("200 quantity and grace are as set, and null goes back to three days", async () => {
  await make("a", { quantity: "keys", graceDays: 0 });
  expect(await update("a", {})).toMatchObject({ quantity: "keys", graceDays: 0 });
  expect(await update("a", { quantity: "seats", graceDays: 60 })).toMatchObject({
    quantity: "seats",
    graceDays: 60,
  });
  expect(await update("a", { graceDays: null })).toMatchObject({ graceDays: 3 });
});

test("200 a product that an older version wrote reads with the defaults", async () => {
  const record = {
    id: "5f0c2c1e-0000-4000-8000-00000000000a",
    accountId: "default",
    handle: "prod_old",
    slug: "old",
    name: "Old",
    description: "",
    status: "live",
    createdAt: 1,
    updatedAt: 1,
  };
  await world.store.commit([{ kind: "set", collection: products, record }]);
  const listed = await world.admin("listProducts", {});
  expect(listed["products"]).toMatchObject([
    {
      paymentIds: { stripe: [], gumroad: [], lemonSqueezy: [], paddle: [] },
      unlocks: [],
      quantity: "seats",
      graceDays: 3,
    },
  ]);
});
