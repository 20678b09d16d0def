import { provePayments } from "../support/payment-guarantees.ts";
import { deliver, eventsIn, licensesIn, ping } from "../support/webhooks.ts";
import { openWorld } from "../support/world.ts";

const PRODUCT = "productAAAAAAAAAAA==";
const GIVEN_KEY = "38B1460A-5104411B-A9D2F1EC-F0B3FBB4";
const sale = ping("sale");
const refund = ping("refund");
const dispute = ping("dispute");
const won = ping("dispute_won");
const member = ping("sale.membership");
const renewal = ping("sale.recurring");
const cancelled = ping("cancellation");
const ended = ping("subscription_ended");
const refundOfRenewal = ping("sale.recurring", { resource_name: "refund", refunded: "true" });
const GOOD = { status: "active", threatLevel: 0, disputeReason: null };
const REFUNDED = { status: "revoked", threatLevel: 4, disputeReason: "refund" };

provePayments({
  provider: "gumroad",
  sale,
  sold: [PRODUCT],
  unnamed: sale,
  unnamedSold: "example-plugin",
  unnamedId: "saleAAAAAAAAAAAAAA",
  again: { retry: ping("sale", { retry_count: "3" }), other: ping("sale", { resource_name: "" }) },
  refund,
  partialRefund: ping("refund.partial"),
  dispute,
  won,
  timed: false,
  orders: {
    "a sale and its refund": {
      deliveries: { sale, refund, partial: ping("refund.partial") },
      ends: { ...REFUNDED, expiresAt: null },
    },
    "a sale, a dispute and its end": {
      deliveries: { sale, dispute, won },
      ends: { ...GOOD, expiresAt: null },
    },
    "a sale, a dispute, its end and a refund": {
      deliveries: { sale, dispute, won, refund },
      ends: REFUNDED,
    },
    "a membership, its renewal and its end": {
      deliveries: { member, renewal, cancelled, ended },
      ends: { ...GOOD, expiresAt: "2027-01-01T10:16:02.000Z" },
    },
    "a membership whose renewal is refunded": {
      deliveries: { member, renewal, refundOfRenewal },
      ends: { ...REFUNDED, expiresAt: "2027-01-01T10:16:02.000Z" },
    },
    "a membership whose last payment's dispute is won": {
      deliveries: {
        member,
        renewal,
        disputed: ping("sale.recurring", { resource_name: "dispute", disputed: "true" }),
        won: ping("sale.recurring", { resource_name: "dispute_won", dispute_won: "true" }),
      },
      ends: { ...GOOD, expiresAt: "2027-01-01T10:16:02.000Z" },
    },
  },
});

const hinted = async (body: Buffer) => {
  const world = await openWorld();
  await world.admin("createProduct", { name: "p", productId: "prod_abc123" });
  const reply = await deliver(world, "gumroad", body);
  return { world, reply };
};

test("200 a product that lists no ids is sold by its name in the link, with the key Gumroad gave", async () => {
  const { world, reply } = await hinted(sale);
  try {
    expect(reply.body).toMatchObject({ status: "done" });
    expect(reply.body).not.toHaveProperty("licenseKey");
    const [license] = await licensesIn(world);
    for (const licenseKey of [license?.["key"], GIVEN_KEY]) {
      const verified = await world.call("verify", { licenseKey, productId: "prod_abc123" });
      expect(verified.status).toBe(200);
    }
  } finally {
    await world.close();
  }
});

test("200 Gumroad's test ping sells nothing, and is listed", async () => {
  const { world, reply } = await hinted(ping("test_ping_button"));
  try {
    expect(reply.body).toMatchObject({ success: true, status: "ignored" });
    expect(await licensesIn(world)).toEqual([]);
    expect(await eventsIn(world, { status: "ignored" })).toHaveLength(1);
  } finally {
    await world.close();
  }
});
