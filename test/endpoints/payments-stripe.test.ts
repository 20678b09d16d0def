import { EMAIL, provePayments } from "../support/payment-guarantees.ts";
import { deliver, eventsIn, licensesIn, payload } from "../support/webhooks.ts";
import { DAY, openWorld } from "../support/world.ts";

const from = (name: string, changes?: Record<string, unknown>) =>
  payload(`stripe/${name}`, changes);
const PRICE = "price_1FixPriceIndie0001";
/** Of the first invoice's and the second's period. */
const FIRST_END = new Date(1_794_592_000_000).toISOString();
const SECOND_END = new Date(1_797_184_000_000).toISOString();
/** A day after the first period began. */
const advanceMs = 1_792_000_000_000 + DAY - Date.parse("2026-11-20T09:00:00Z");

const sale = from("checkout.session.completed");
const refund = from("charge.refunded");
const dispute = from("charge.dispute.created");
const won = from("charge.dispute.closed.won");
const session = from("checkout.session.completed.subscription");
const first = from("invoice.paid.subscription_create");
const second = from("invoice.paid.subscription_cycle");
const link = from("invoice_payment.paid");
/** The charge of the first invoice, which names only what `invoice_payment.paid` links to it. */
const refundOfFirst = from("charge.refunded", {
  "data.object.id": "ch_3FixChargeSub0001",
  "data.object.payment_intent": "pi_3FixSubIntent0001",
});
const OF_FIRST = {
  "data.object.charge": "ch_3FixChargeSub0001",
  "data.object.payment_intent": "pi_3FixSubIntent0001",
};
const GOOD = { status: "active", threatLevel: 0, disputeReason: null };
const REFUNDED = { status: "revoked", threatLevel: 4, disputeReason: "refund" };

provePayments({
  provider: "stripe",
  advanceMs,
  sale,
  sold: [],
  unnamed: from("checkout.session.completed.payment_link"),
  unnamedSold: "plink_1FixPaymentLink0001",
  unnamedId: "evt_1SFix00000000000000000004",
  again: {
    async: from("checkout.session.completed", {
      id: "evt_other",
      type: "checkout.session.async_payment_succeeded",
    }),
  },
  refund,
  partialRefund: from("charge.refunded.partial"),
  dispute,
  won,
  timed: true,
  orders: {
    "a sale and its refund": {
      deliveries: { sale, refund, partial: from("charge.refunded.partial") },
      ends: { ...REFUNDED, expiresAt: null },
    },
    "a sale, a dispute and its end": {
      deliveries: { sale, dispute, won },
      ends: { ...GOOD, variant: "studio", expiresAt: null },
    },
    "a sale, a dispute, its end and a refund": {
      deliveries: { sale, dispute, won, refund },
      ends: REFUNDED,
    },
    "a subscription and its renewal": {
      deliveries: { session, first, second, link },
      ends: { ...GOOD, variant: "indie", email: EMAIL, expiresAt: SECOND_END },
    },
    "a subscription whose payment is refunded": {
      deliveries: { session, first, link, refundOfFirst },
      ends: { ...REFUNDED, expiresAt: FIRST_END },
    },
    "a renewed subscription that is refunded and cancelled": {
      deliveries: {
        first,
        second,
        link,
        refundOfFirst,
        cancelled: from("customer.subscription.deleted"),
      },
      ends: { ...REFUNDED, expiresAt: SECOND_END },
    },
    "a subscription whose payment is disputed and won": {
      deliveries: {
        first,
        second,
        link,
        disputed: from("charge.dispute.created", OF_FIRST),
        won: from("charge.dispute.closed.won", OF_FIRST),
      },
      ends: { ...GOOD, expiresAt: SECOND_END },
    },
    "a subscription that begins with a trial": {
      deliveries: { session, trial: from("invoice.paid.trial_zero"), second },
      ends: { ...GOOD, expiresAt: SECOND_END },
    },
    "a subscription before API version 2025-03-31": {
      deliveries: {
        session,
        first: from("invoice.paid.subscription_create.pre-basil"),
        second: from("invoice.paid.subscription_cycle.pre-basil"),
        refund: from("charge.refunded.subscription.pre-basil"),
      },
      ends: { ...REFUNDED, expiresAt: SECOND_END },
    },
    "a subscription that only its price names": {
      deliveries: {
        session: from("checkout.session.completed.subscription", { "data.object.metadata": {} }),
        first: from("invoice.paid.subscription_create", {
          "data.object.parent.subscription_details.metadata": {},
        }),
        second: from("invoice.paid.subscription_cycle", {
          "data.object.parent.subscription_details.metadata": {},
        }),
        link,
      },
      sold: [PRICE],
      ends: { ...GOOD, productId: "prod_abc123", expiresAt: SECOND_END },
    },
  },
});

test("200 what a buyer wrote into a payment link names no product", async () => {
  const world = await openWorld();
  try {
    await world.admin("createProduct", { name: "p", productId: "prod_abc123" });
    const raw = from("checkout.session.completed.client_reference_id");
    expect((await deliver(world, "stripe", raw)).body).toMatchObject({ status: "failed" });
    expect(await licensesIn(world)).toEqual([]);
  } finally {
    await world.close();
  }
});

test("200 a checkout that is not paid yet waits for its payment", async () => {
  const world = await openWorld();
  try {
    await world.admin("createProduct", { name: "p", productId: "prod_abc123" });
    const send = (name: string) => deliver(world, "stripe", from(name));
    expect((await send("checkout.session.completed.unpaid")).body).toMatchObject({
      status: "ignored",
    });
    expect(await licensesIn(world)).toEqual([]);
    await send("checkout.session.async_payment_succeeded");
    expect(await licensesIn(world)).toHaveLength(1);
    expect(await eventsIn(world)).toHaveLength(2);
  } finally {
    await world.close();
  }
});
