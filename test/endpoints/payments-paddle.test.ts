import { EMAIL, provePayments } from "../support/payment-guarantees.ts";
import { deliver, eventsIn, licensesIn, mailsIn, payload } from "../support/webhooks.ts";
import { openWorld } from "../support/world.ts";

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
