import { createHmac } from "node:crypto";
import fc from "fast-check";
import { type PaymentEvent, paymentEvent } from "../../functions/src/core/payments.ts";
import { paddle } from "../../functions/src/payments/paddle.ts";
import { payload } from "./payloads.ts";

const SECRET = "pdl_ntfset_of_a_test";
const EMAIL = "artist@example.com";

const from = (fixture: string, changes?: Record<string, unknown>) =>
  payload(`paddle/${fixture}`, changes);

describe("what Paddle announces", () => {
  const once = "txn_01fxtransact10000000000000";
  const first = "txn_01fxtransact40000000000000";
  const second = "txn_01fxtransact50000000000000";
  const subscription = "sub_01fxsubscript1000000000000";
  const buyer = "ctm_01fxcustomer10000000000000";
  const studio = {
    productId: null,
    variant: null,
    sold: ["pri_01fxpricestudio00000000000", "pro_01fxproduct100000000000000"],
    hint: { productId: "prod_abc123", variant: "studio" },
    quantity: 1,
  };
  const indie = {
    ...studio,
    sold: ["pri_01fxpriceindie000000000000", "pro_01fxproduct100000000000000"],
    hint: { productId: "prod_abc123", variant: "indie" },
  };
  const sale: PaymentEvent = paymentEvent({
    kind: "completed",
    references: [`transaction:${once}`],
    claims: [`transaction:${once}`],
    email: EMAIL,
    buyer,
    lines: [studio],
    purchaseId: once,
  });
  const subscribed: PaymentEvent = {
    ...sale,
    references: [`transaction:${first}`, `subscription:${subscription}`],
    claims: [`transaction:${first}`],
    email: null,
    lines: [indie],
    subscription: true,
    paidUntil: Date.parse("2026-12-01T10:15:25Z"),
    purchaseId: subscription,
  };
  const refunded = paymentEvent({
    kind: "refunded",
    references: [`transaction:${once}`],
    purchaseId: once,
  });
  const disputed: PaymentEvent = { ...refunded, kind: "disputed", disputeId: once };
  const cancelled = paymentEvent({
    kind: "cancelled",
    references: [`subscription:${subscription}`],
    subscription: true,
  });

  const addOn = {
    price: { id: "pri_setup", product_id: "pro_setup", custom_data: null },
    quantity: 1,
  };
  const bought = (quantity: number, customData: unknown = null) => ({
    price: { id: studio.sold[0], product_id: studio.sold[1], custom_data: customData },
    quantity,
  });

  test.each<[string, Buffer, PaymentEvent]>([
    ["a completed transaction is a sale", from("transaction.completed"), sale],
    ["so is one made by API", from("transaction.completed", { "data.origin": "api" }), sale],
    [
      "three of a thing are one line of three",
      from("transaction.completed", { "data.items": [bought(3)] }),
      { ...sale, lines: [{ ...studio, quantity: 3 }] },
    ],
    [
      "of two lines, the page's custom data says nothing",
      from("transaction.completed", { "data.items": [bought(1), addOn] }),
      {
        ...sale,
        lines: [
          { ...studio, hint: null },
          { ...studio, sold: ["pri_setup", "pro_setup"], hint: null },
        ],
      },
    ],
    [
      "the price's own custom data names the product",
      from("transaction.completed", {
        "data.items": [bought(1, { productId: "prod_x", variant: "team" })],
      }),
      { ...sale, lines: [{ ...studio, productId: "prod_x", variant: "team" }] },
    ],
    [
      "without custom data the buyer's address is left to the customer",
      from("transaction.completed", { "data.custom_data": null }),
      { ...sale, email: null, lines: [{ ...studio, hint: null }] },
    ],
    [
      "without custom data the buyer's address is left to the customer, also when the field is missing",
      from("transaction.completed", { "data.custom_data": undefined }),
      { ...sale, email: null, lines: [{ ...studio, hint: null }] },
    ],
    [
      "a subscription's first transaction is a sale until the period ends",
      from("transaction.completed.subscription_first"),
      subscribed,
    ],
    [
      "a recurring transaction renews",
      from("transaction.completed.subscription_recurring"),
      {
        ...subscribed,
        kind: "renewed",
        references: [`transaction:${second}`, `subscription:${subscription}`],
        claims: [`transaction:${second}`],
        paidUntil: Date.parse("2027-01-01T10:15:25Z"),
        purchaseId: subscription,
      },
    ],
    ["an approved refund in full", from("adjustment.updated.refund_approved"), refunded],
    [
      "a refund that is approved at once",
      from("adjustment.updated.refund_approved", { event_type: "adjustment.created" }),
      refunded,
    ],
    [
      "a renewal's refund names the subscription too",
      from("adjustment.updated.subscription_refund_approved"),
      {
        ...refunded,
        references: [`transaction:${second}`, `subscription:${subscription}`],
        subscription: true,
        purchaseId: second,
      },
    ],
    ["a chargeback", from("adjustment.created.chargeback"), disputed],
    [
      "its reversal speaks of the same dispute",
      from("adjustment.created.chargeback_reverse"),
      { ...disputed, kind: "dispute_won" },
    ],
    [
      "so does the chargeback that became reversed",
      from("adjustment.created.chargeback", {
        event_type: "adjustment.updated",
        "data.status": "reversed",
      }),
      { ...disputed, kind: "dispute_won" },
    ],
    [
      "a scheduled cancellation runs to its time",
      from("subscription.updated.scheduled_cancel"),
      { ...cancelled, paidUntil: Date.parse("2026-12-01T10:15:25Z") },
    ],
    [
      "a cancellation taken back",
      from("subscription.updated.scheduled_cancel", { "data.scheduled_change": null }),
      { ...cancelled, kind: "resumed" },
    ],
    ["a canceled subscription", from("subscription.canceled"), cancelled],
    [
      "an update to canceled",
      from("subscription.canceled", { event_type: "subscription.updated" }),
      cancelled,
    ],
  ])("%s", (_, raw, event) => {
    expect(paddle.read(raw).says).toEqual({ state: "event", event });
  });

  test("a created subscription ties itself to its transaction and sells nothing", () => {
    expect(paddle.read(from("subscription.created")).says).toEqual({
      state: "link",
      references: [`transaction:${first}`, `subscription:${subscription}`],
    });
  });

  test.each(["customer.created", "customer.updated", "customer.imported"])(
    "%s brings an address",
    (event_type) => {
      expect(paddle.read(from("customer.created", { event_type })).says).toEqual({
        state: "contact",
        buyer,
        email: EMAIL,
      });
    },
  );

  const refund = "adjustment.updated.refund_approved";
  test.each<[string, Buffer, RegExp]>([
    ["a refund in part", from(refund, { "data.type": "partial" }), /part of the transaction/],
    ["a pending refund", from(refund, { "data.status": "pending_approval" }), /pending_approval/],
    ["a rejected refund", from(refund, { "data.status": "rejected" }), /rejected/],
    ["a warning", from(refund, { "data.action": "chargeback_warning" }), /warning/],
    ["a credit", from(refund, { "data.action": "credit" }), /credit/],
    [
      "a new way to pay",
      from("transaction.completed", { "data.origin": "subscription_payment_method_change" }),
      /how to pay/,
    ],
    [
      "an extra charge",
      from("transaction.completed", { "data.origin": "subscription_charge" }),
      /extra charge/,
    ],
    [
      "a changed plan without a period",
      from("transaction.completed", { "data.origin": "subscription_update" }),
      /of no period/,
    ],
    [
      "an update of one that is past due",
      from("subscription.updated.scheduled_cancel", {
        "data.scheduled_change": null,
        "data.status": "past_due",
      }),
      /transaction\.completed/,
    ],
    [
      "a scheduled pause",
      from("subscription.updated.scheduled_cancel", { "data.scheduled_change.action": "pause" }),
      /transaction\.completed/,
    ],
    [
      "a subscription without a transaction",
      from("subscription.created", { "data.transaction_id": undefined }),
      /names no transaction/,
    ],
    ["an import", from("subscription.created", { event_type: "subscription.imported" }), /by hand/],
    ["a pause", from("subscription.created", { event_type: "subscription.paused" }), /its end/],
    ["another event", from("customer.created", { event_type: "address.created" }), /not an event/],
  ])("%s has no consequence, and says why", (_, raw, reason) => {
    expect(paddle.read(raw).says).toEqual({
      state: "ignored",
      reason: expect.stringMatching(reason),
    });
  });

  test.each<[string, Buffer]>([
    ["data.items", from("transaction.completed", { "data.items": [] })],
    ["data.items.0.price", from("transaction.completed", { "data.items": [{ quantity: 1 }] })],
    ["data.origin", from("transaction.completed", { "data.origin": "auction" })],
    ["data.type", from(refund, { "data.type": undefined })],
    ["data.email", from("customer.created", { "data.email": null })],
    ["event_id", from("transaction.completed", { event_id: undefined })],
    ["The payload", Buffer.from("{")],
  ])("a payload that does not fit names %s and shows nothing of the buyer", (field, raw) => {
    const { says } = paddle.read(raw);
    expect(says).toEqual({
      state: "unusable",
      reason: expect.stringMatching(new RegExp(`^${field} is `)),
    });
    expect(JSON.stringify(says)).not.toContain(EMAIL);
  });

  test("the event id is the event's, not the notification's", () => {
    const again = from("transaction.completed", { notification_id: "ntf_again" });
    expect(paddle.read(again)).toEqual(paddle.read(from("transaction.completed")));
    expect(paddle.read(again)).toMatchObject({
      eventId: "evt_01fxevent00100000000000000",
      type: "transaction.completed",
    });
  });
});

describe("the proof of origin", () => {
  const raw = from("transaction.completed");
  const sent = 1_792_000_000;
  const sign = (body: Buffer, secret: string, ts: number | string = sent) =>
    createHmac("sha256", secret).update(`${ts}:`).update(body).digest("hex");
  const good = sign(raw, SECRET);
  const wrong = sign(raw, "another");
  const prove = (header: string | undefined, secret = SECRET, body = raw, seconds = 0) =>
    paddle.prove(
      {
        raw: body,
        headers: header === undefined ? {} : { "paddle-signature": header },
        query: {},
      },
      { secret, sellerId: "" },
      (sent + seconds) * 1000,
    );

  test.each<[string, string, string | undefined, string?, Buffer?]>([
    ["good", "the right secret", `ts=${sent};h1=${good}`],
    [
      "good",
      "a known answer of openssl",
      `ts=${sent};h1=274b8687012b1785c849d73ad71cf274afdb24cbf2f63dfc9640288e2142a975`,
      "pdl_ntfset_test",
      Buffer.from('{"a":1}'),
    ],
    ["good", "the new secret's value last", `ts=${sent};h1=${wrong};h1=${good}`],
    ["good", "the old secret's value last", `ts=${sent};h1=${good};h1=${wrong}`],
    ["forged", "another secret", `ts=${sent};h1=${wrong}`],
    ["forged", "an altered byte", `ts=${sent};h1=${good}`, SECRET, Buffer.concat([raw, raw])],
    ["forged", "another time", `ts=${sent + 1};h1=${good}`],
    ["forged", "two times", `ts=${sent};ts=${sent + 9};h1=${good}`],
    ["forged", "no time", `h1=${good}`],
    ["forged", "a time that is no number", `ts=now;h1=${sign(raw, SECRET, "now")}`],
    ["forged", "no value", `ts=${sent}`],
    ["forged", "half a value", `ts=${sent};h1=${good.slice(0, 32)}`],
    ["forged", "the header twice", `ts=${sent};h1=${good}, ts=${sent};h1=${wrong}`],
    ["forged", "an empty secret", `ts=${sent};h1=${sign(raw, "")}`, ""],
    ["unsigned", "no header", undefined],
  ])("is %s with %s", (proof, _, ...[header, secret, body]) => {
    expect(prove(header, secret, body)).toBe(proof);
  });

  test.each([
    [300, "good"],
    [-300, "good"],
    [301, "stale"],
    [-301, "stale"],
  ])("%i s after it was sent it is %s", (seconds, proof) => {
    expect(prove(`ts=${sent};h1=${good}`, SECRET, raw, seconds)).toBe(proof);
    expect(prove(`ts=${sent};h1=${wrong}`, SECRET, raw, seconds)).toBe("forged");
  });
});

test("reading never throws", () => {
  const types = fc.constantFrom("transaction.completed", "adjustment.created", "customer.created");
  const wrapped = fc
    .record({ event_id: fc.string(), event_type: types, data: fc.jsonValue() })
    .map((said) => JSON.stringify(said));
  const anything = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.oneof(fc.json(), wrapped).map((text) => Buffer.from(text)),
  );
  fc.assert(fc.property(anything, (raw) => typeof paddle.read(raw).type === "string"));
});
