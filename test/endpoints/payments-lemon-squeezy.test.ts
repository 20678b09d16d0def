import { provePayments } from "../support/payment-guarantees.ts";
import { deliver, eventsIn, licensesIn, payload } from "../support/webhooks.ts";
import { machine, openWorld, type World } from "../support/world.ts";

const from = (name: string, changes?: Record<string, unknown>) =>
  payload(`lemon-squeezy/${name}`, changes);
const sale = from("order_created");
const refund = from("order_refunded");
const partial = from("order_refunded.partial");
const issued = from("license_key_created");
const order = from("order_created", {
  "data.id": "900010",
  "data.attributes.first_order_item.variant_id": 700001,
});
const created = from("subscription_created");
const updated = from("subscription_updated.renewed");
const paid = from("subscription_payment_success.renewal");
const cancelled = from("subscription_cancelled");
const refundOfPayment = from("subscription_payment_refunded");
const PRODUCT = "600001";
const GIVEN_KEY = "0F1X7URE-0000-4000-8000-00000F1X7UR3";
const GOOD = { status: "active", threatLevel: 0, disputeReason: null };
const REFUNDED = { status: "revoked", threatLevel: 4, disputeReason: "refund" };
/** What the subscription says, and what the invoice comes to with 31 days: it says only when it was paid. */
const SAID_END = "2027-01-01T10:15:30.000Z";
const INVOICE_END = "2027-01-01T10:20:00.000Z";

provePayments({
  provider: "lemonSqueezy",
  sale,
  sold: [PRODUCT],
  unnamed: sale,
  unnamedSold: "700002",
  unnamedId: "900001",
  again: {
    later: from("order_created", { "data.attributes.updated_at": "2026-11-01T10:16:00.000000Z" }),
  },
  refund,
  partialRefund: partial,
  timed: false,
  orders: {
    "a sale and its refund": { deliveries: { sale, refund, partial }, ends: REFUNDED },
    "a sale with a key of Lemon Squeezy's, and its refund": {
      deliveries: {
        issued,
        refund,
        sale: from("order_created", { "data.attributes.first_order_item.quantity": 2 }),
      },
      sold: [{ id: "700002", variant: "studio" }, PRODUCT],
      ends: { ...REFUNDED, variant: "studio", maxMachines: 3, expiresAt: null },
    },
    "a subscription that says when it ends": {
      deliveries: { order, created, updated },
      ends: { ...GOOD, expiresAt: SAID_END },
    },
    "a subscription whose renewal is announced by its invoice": {
      deliveries: { order, created, paid },
      ends: { ...GOOD, expiresAt: INVOICE_END },
    },
    "a subscription whose renewal is announced twice": {
      deliveries: { order, created, updated, paid, cancelled },
      ends: { ...GOOD, expiresAt: INVOICE_END },
    },
    "a subscription whose order is refunded": {
      deliveries: {
        order,
        created,
        updated,
        refunded: from("order_refunded", { "data.id": "900010" }),
      },
      ends: { ...REFUNDED, expiresAt: SAID_END },
    },
    "a subscription that begins with a trial": {
      deliveries: { order, trial: from("subscription_created.on_trial"), created, updated },
      ends: { ...GOOD, expiresAt: SAID_END },
    },
    "a subscription whose renewal is refunded": {
      deliveries: { order, created, paid, refundOfPayment },
      ends: { ...REFUNDED, expiresAt: INVOICE_END },
    },
  },
});

describe("a key that Lemon Squeezy issued", () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    await world.admin("createProduct", {
      name: "p",
      productId: "prod_abc123",
      paymentIds: { lemonSqueezy: [{ id: "700002", variant: "studio" }, PRODUCT] },
    });
  });
  afterEach(() => world.close());
  const verify = (licenseKey: unknown) =>
    world.call("verify", { licenseKey, productId: "prod_abc123" });

  test.each([
    ["after", [sale, issued]],
    ["before", [issued, sale]],
  ])("200 is the license's, with its limit, when it comes %s the order", async (_, deliveries) => {
    for (const raw of deliveries) {
      expect((await deliver(world, "lemonSqueezy", raw)).body).toMatchObject({ success: true });
    }
    expect(await licensesIn(world)).toMatchObject([{ maxMachines: 3, variant: "studio", ...GOOD }]);
    expect(await eventsIn(world, { status: "done" })).toHaveLength(2);
    expect((await verify(GIVEN_KEY)).status).toBe(200);
  });

  test("200 is not taken once the buyer uses ours", async () => {
    await deliver(world, "lemonSqueezy", sale);
    const [license] = await licensesIn(world);
    const key = String(license?.["key"]);
    await world.call("activate", machine(key, "a", "prod_abc123"));
    await deliver(world, "lemonSqueezy", issued);
    expect((await verify(key)).status).toBe(200);
    expect((await verify(GIVEN_KEY)).status).toBe(404);
  });
});
