import { provePayments } from "../support/payment-guarantees.ts";
import { deliver, licensesIn, payload } from "../support/webhooks.ts";
import { openWorld } from "../support/world.ts";

const from = (name: string, changes?: Record<string, unknown>) => payload(`polar/${name}`, changes);
const PRODUCT = "5d1c9a10-3c1e-4c58-9a0e-2b7f9e1c4a11";
const PRICE = "7f0f3e55-62a4-4c31-8f1e-1a4b6c2d9e01";
const sale = from("order.paid");
const refund = from("order.refunded");
const partial = from("order.refunded", {
  timestamp: "2026-11-09T08:00:00Z",
  "data.status": "partially_refunded",
});
const first = from("order.paid.subscription_create");
const renewal = from("order.paid.subscription_cycle");
const created = from("subscription.created");
const canceled = from("subscription.canceled");
const revoked = from("subscription.revoked");
const CHANGED_TO = "2027-11-10T08:00:00.000Z";
const toYearly = from("order.paid.subscription_cycle", {
  timestamp: "2026-11-10T08:00:05Z",
  "data.id": "0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0c09",
  "data.billing_reason": "subscription_update",
  "data.subscription.current_period_end": CHANGED_TO,
});
const GOOD = { status: "active", threatLevel: 0, disputeReason: null };
const REFUNDED = { status: "revoked", threatLevel: 4, disputeReason: "refund" };
const FIRST_END = "2026-12-01T10:15:25.000Z";
const SECOND_END = "2027-01-01T10:15:25.000Z";

provePayments({
  provider: "polar",
  sale,
  sold: [PRODUCT],
  unnamed: sale,
  unnamedSold: PRICE,
  unnamedId: "0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0c01",
  again: { other: from("order.paid", { timestamp: "2026-11-02T10:15:40Z" }) },
  refund,
  partialRefund: partial,
  timed: true,
  orders: {
    "a sale and its refund": {
      deliveries: { sale, refund, partial },
      ends: { ...REFUNDED, expiresAt: null },
    },
    "a subscription": {
      deliveries: { first, created },
      ends: { ...GOOD, expiresAt: FIRST_END },
    },
    "a subscription, its renewal and its end": {
      deliveries: { first, renewal, canceled, revoked },
      ends: { ...GOOD, expiresAt: SECOND_END },
    },
    "a subscription that changes to a longer period": {
      deliveries: { first, created, toYearly },
      ends: { ...GOOD, expiresAt: CHANGED_TO },
    },
    "a subscription that was free at Polar until it changed": {
      deliveries: { created, toYearly },
      ends: { ...GOOD, expiresAt: CHANGED_TO },
    },
    "a trial that is paid for": {
      deliveries: { trial: from("subscription.created.trialing"), first, renewal },
      ends: { ...GOOD, expiresAt: SECOND_END },
    },
    "a subscription whose renewal is refunded": {
      deliveries: { first, renewal, refund: from("order.refunded.subscription_cycle") },
      ends: { ...REFUNDED, expiresAt: SECOND_END },
    },
  },
});

test("50 copies of a sale at once, by both of its ways in, are one license", async () => {
  const world = await openWorld();
  try {
    await world.admin("createProduct", {
      ...{ name: "p", productId: "prod_abc123" },
      paymentIds: { polar: [PRODUCT] },
    });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, copy) =>
        deliver(world, "polar", sale, {
          path: copy % 2 === 0 ? "polarWebhook" : "v1/billing/polar-webhook",
        }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await licensesIn(world)).toHaveLength(1);
  } finally {
    await world.close();
  }
});
