import { EMAIL, provePayments } from "../support/payment-guarantees.ts";
import { deliver, eventsIn, licensesIn, mailsIn, payload } from "../support/webhooks.ts";
import { DAY, openWorld, type World } from "../support/world.ts";

const from = (name: string, changes?: Record<string, unknown>) =>
  payload(`paddle/${name}`, changes);
const PRODUCT = "pro_01fxproduct100000000000000";
const sale = from("transaction.completed");
const refund = from("adjustment.updated.refund_approved");
const partial = from("adjustment.updated.refund_approved", {
  event_id: "evt_partial",
  "data.type": "partial",
});
const pending = from("adjustment.updated.refund_approved", {
  event_id: "evt_pending",
  event_type: "adjustment.created",
  "data.status": "pending_approval",
});
const dispute = from("adjustment.created.chargeback");
const won = from("adjustment.created.chargeback_reverse");
const first = from("transaction.completed.subscription_first");
const renewal = from("transaction.completed.subscription_recurring");
const created = from("subscription.created");
const customer = from("customer.created");
const refundOfRenewal = from("adjustment.updated.subscription_refund_approved");
const OF_FIRST = {
  "data.transaction_id": "txn_01fxtransact40000000000000",
  "data.subscription_id": "sub_01fxsubscript1000000000000",
};
const CHANGED_TO = "2027-11-10T08:00:00.000Z";
const toYearly = from("transaction.completed.subscription_recurring", {
  event_id: "evt_yearly",
  "data.id": "txn_yearly",
  "data.origin": "subscription_update",
  "data.billing_period.ends_at": CHANGED_TO,
});
const withinPeriod = from("transaction.completed.subscription_first", {
  event_id: "evt_seats",
  "data.id": "txn_seats",
  "data.origin": "subscription_update",
});
const GOOD = { status: "active", threatLevel: 0, disputeReason: null };
const REFUNDED = { status: "revoked", threatLevel: 4, disputeReason: "refund" };
const FIRST_END = "2026-12-01T10:15:25.000Z";
const SECOND_END = "2027-01-01T10:15:25.000Z";

provePayments({
  provider: "paddle",
  sale,
  sold: [PRODUCT],
  unnamed: sale,
  unnamedSold: "pri_01fxpricestudio00000000000",
  unnamedId: "evt_01fxevent00100000000000000",
  again: {
    other: from("transaction.completed", { event_id: "evt_other" }),
    resent: from("transaction.completed", { notification_id: "ntf_other" }),
  },
  refund,
  partialRefund: partial,
  dispute,
  won,
  timed: true,
  orders: {
    "a sale and its refund": {
      deliveries: { sale, pending, refund, partial },
      ends: { ...REFUNDED, expiresAt: null },
    },
    "a sale, a chargeback and its reversal": {
      deliveries: { sale, dispute, won },
      ends: { ...GOOD, expiresAt: null },
    },
    "a sale, a chargeback, its reversal and a refund": {
      deliveries: { sale, dispute, won, refund },
      ends: REFUNDED,
    },
    "a subscription": {
      deliveries: { first, created, customer },
      ends: { ...GOOD, email: EMAIL, expiresAt: FIRST_END },
    },
    "a subscription, its renewal and its end": {
      deliveries: {
        first,
        renewal,
        created,
        customer,
        cancelled: from("subscription.updated.scheduled_cancel"),
      },
      ends: { ...GOOD, email: EMAIL, expiresAt: SECOND_END },
    },
    "a subscription that changes to a longer period": {
      deliveries: { first, withinPeriod, toYearly, customer },
      ends: { ...GOOD, expiresAt: CHANGED_TO },
    },
    "a subscription that changes within its period": {
      deliveries: { first, withinPeriod, created, customer },
      ends: { ...GOOD, expiresAt: FIRST_END },
    },
    "a subscription whose first payment is charged back, and that is reversed": {
      deliveries: {
        first,
        created,
        customer,
        charged: from("adjustment.created.chargeback", OF_FIRST),
        reversed: from("adjustment.created.chargeback_reverse", OF_FIRST),
      },
      ends: { ...GOOD, expiresAt: FIRST_END },
    },
    "a subscription whose renewal is refunded": {
      deliveries: {
        first,
        renewal,
        customer,
        refundOfRenewal,
        canceled: from("subscription.canceled"),
      },
      ends: { ...REFUNDED, expiresAt: SECOND_END },
    },
  },
});

test("200 a sale without an address is completed by the customer's, and by no other's", async () => {
  const world = await openWorld();
  try {
    await world.admin("createProduct", {
      name: "p",
      productId: "prod_abc123",
      paymentIds: { paddle: [PRODUCT] },
    });
    const send = (raw: Buffer) => deliver(world, "paddle", raw);
    expect(await send(first)).toMatchObject({
      status: 200,
      body: { success: false, status: "failed", error: expect.stringContaining("e-mail") },
    });
    await send(from("customer.created", { event_id: "evt_o", "data.id": "ctm_other" }));
    expect(await licensesIn(world)).toEqual([]);
    expect((await send(customer)).body).toMatchObject({ success: true, status: "done" });
    expect(await licensesIn(world)).toMatchObject([{ email: EMAIL, expiresAt: FIRST_END }]);
    expect(await mailsIn(world)).toHaveLength(1);
    expect(await eventsIn(world, { status: "failed" })).toEqual([]);
  } finally {
    await world.close();
  }
});

describe("several things in one checkout", () => {
  const item = (id: string, quantity: number, cycle: unknown = { interval: "month" }) => ({
    price: { id, product_id: `pro_${id}`, custom_data: null, billing_cycle: cycle },
    quantity,
  });
  const sold = { paddle: ["pri_app"] };
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    await world.admin("createProduct", { name: "App", productId: "prod_app", paymentIds: sold });
    await world.admin("createVariant", {
      ...{ productId: "prod_app", name: "indie" },
      ...{ licenseType: "floating", maxConcurrent: 5 },
    });
    await world.admin("createProduct", {
      ...{ name: "Sounds", productId: "prod_sounds", quantity: "keys" },
      paymentIds: { paddle: ["pri_sounds"] },
    });
    await deliver(world, "paddle", customer);
  });
  afterEach(() => world.close());
  const buy = (...items: object[]) =>
    deliver(
      world,
      "paddle",
      from("transaction.completed.subscription_first", { "data.items": items }),
    );
  const keysOf = async (productId: string) =>
    (await licensesIn(world)).filter((one) => one["productId"] === productId);

  test("200 a mail tells the keys of each product, and how many machines each may run on", async () => {
    await buy(item("pri_app", 2), item("pri_sounds", 2));
    const mails = new Map(
      (await mailsIn(world)).map(({ message }) => [message.subject, message.text]),
    );
    expect([...mails.keys()].toSorted()).toEqual([
      "Your license for App",
      "Your license for Sounds",
    ]);
    const [app] = await keysOf("prod_app");
    const sounds = await keysOf("prod_sounds");
    expect(mails.get("Your license for App")).toContain(app?.["key"]);
    expect(mails.get("Your license for App")).toContain("Machines: 10\n");
    expect(sounds).toHaveLength(2);
    for (const { key } of sounds) {
      expect(mails.get("Your license for Sounds")).toContain(key);
      expect(mails.get("Your license for App")).not.toContain(key);
    }
  });

  test("200 what is bought outright beside a subscription does not end with it", async () => {
    await world.admin("createVariant", {
      ...{ productId: "prod_sounds", name: "indie", durationDays: 365 },
    });
    const inAYear = new Date(world.clock.now() + 365 * DAY).toISOString();
    await buy(item("pri_app", 1), item("pri_sounds", 1, null));
    expect(await keysOf("prod_app")).toMatchObject([{ expiresAt: FIRST_END }]);
    expect(await keysOf("prod_sounds")).toMatchObject([{ expiresAt: inAYear }]);
    await deliver(world, "paddle", toYearly);
    await deliver(world, "paddle", from("subscription.updated.scheduled_cancel"));
    const longest = from("transaction.completed.subscription_recurring", {
      "data.billing_period.ends_at": "2030-01-01T00:00:00Z",
    });
    await deliver(world, "paddle", longest);
    expect(await keysOf("prod_app")).toMatchObject([{ expiresAt: "2030-01-01T00:00:00.000Z" }]);
    expect(await keysOf("prod_sounds")).toMatchObject([{ expiresAt: inAYear }]);
    await deliver(world, "paddle", from("adjustment.created.chargeback", OF_FIRST));
    expect(await licensesIn(world)).toMatchObject([{ status: "revoked" }, { status: "revoked" }]);
    await deliver(world, "paddle", from("adjustment.created.chargeback_reverse", OF_FIRST));
    expect(await licensesIn(world)).toMatchObject([{ status: "active" }, { status: "active" }]);
    expect(await keysOf("prod_sounds")).toMatchObject([{ expiresAt: inAYear }]);
  });

  test("200 what is sold once and lasts for ever stays so, whoever renews what beside it", async () => {
    await buy(item("pri_app", 1), item("pri_sounds", 1, null));
    await deliver(world, "paddle", renewal);
    expect(await keysOf("prod_app")).toMatchObject([{ expiresAt: SECOND_END }]);
    expect(await keysOf("prod_sounds")).toMatchObject([{ expiresAt: null }]);
  });
});
