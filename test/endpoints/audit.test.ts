import { auditEntries } from "../../functions/src/store/collections.ts";
import { openWorld, type World } from "../support/world.ts";

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
