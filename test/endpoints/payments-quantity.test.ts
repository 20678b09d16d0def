import { mails } from "../../functions/src/store/collections.ts";
import { deliver } from "../support/webhooks.ts";
import { type Json, openWorld, type World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** Stripe's announcement that `quantity` of the product were paid for. */
const session = (id: string, productId: string, quantity: number) =>
  Buffer.from(
    JSON.stringify({
      id: `evt_${id}`,
      type: "checkout.session.completed",
      data: {
        object: {
          id: `cs_${id}`,
          mode: "payment",
          payment_status: "paid",
          payment_intent: `pi_${id}`,
          customer_details: { email: "buyer@example.com" },
          metadata: { productId, quantity: String(quantity) },
        },
      },
    }),
  );

async function bought(quantity: number, product: Json) {
  const productId = `prod_${quantity}`;
  await world.admin("createProduct", { name: "p", productId, ...product });
  await world.admin("createVariant", { productId, name: "indie", maxMachines: 2 });
  const { body } = await deliver(world, "stripe", session(`n${quantity}`, productId, quantity));
  const { licenses } = await world.admin("listLicenses", { productId, limit: 200 });
  return { body, licenses: licenses as Json[] };
}

test("three seats are one license with three times the machines", async () => {
  const { licenses } = await bought(3, { quantity: "seats" });
  expect(licenses).toMatchObject([{ maxMachines: 6 }]);
});

test("three keys are three licenses, in one mail", async () => {
  const { licenses } = await bought(3, { quantity: "keys" });
  expect(licenses).toMatchObject([{ maxMachines: 2 }, { maxMachines: 2 }, { maxMachines: 2 }]);
  const { items } = await world.store.query(mails, "due", { limit: 10 });
  expect(items).toHaveLength(1);
  for (const { key } of licenses) expect(items[0]?.message.text).toContain(key);
  expect(new Set(licenses.map(({ key }) => key)).size).toBe(3);
});

test("a hundred keys are sold at once, and more are left to the vendor, with nothing half done", async () => {
  expect((await bought(100, { quantity: "keys" })).licenses).toHaveLength(100);
  const { body, licenses } = await bought(101, { quantity: "keys" });
  expect(body).toMatchObject({
    success: false,
    status: "failed",
    error: "More than 100 licenses in one sale.",
  });
  expect(licenses).toEqual([]);
});
