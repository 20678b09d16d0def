import { createHmac } from "node:crypto";
import fc from "fast-check";
import { type PaymentEvent, paymentEvent } from "../../functions/src/core/payments.ts";
import { lemonSqueezy } from "../../functions/src/payments/lemon-squeezy.ts";
import { payload } from "./payloads.ts";

const SECRET = "ls_secret_of_a_test";
const EMAIL = "artist@example.com";

const at = (path: string, value: unknown) => ({ [`data.attributes.${path}`]: value });
const from = (fixture: string, changes?: Record<string, unknown>) =>
  payload(`lemon-squeezy/${fixture}`, changes);
const renamed = (type: string, more: Record<string, unknown> = {}) => ({
  "meta.event_name": type,
  ...more,
});

describe("what Lemon Squeezy announces", () => {
  const studio = {
    productId: null,
    variant: null,
    sold: ["700002", "600001"],
    hint: { productId: "prod_abc123", variant: "studio" },
    quantity: 1,
  };
  const indie = { ...studio, sold: ["700001", "600001"] };
  const sale: PaymentEvent = paymentEvent({
    kind: "completed",
    references: ["order:900001"],
    email: EMAIL,
    lines: [studio],
    purchaseId: "900001",
  });
  const subscribed: PaymentEvent = paymentEvent({
    kind: "completed",
    references: ["subscription:300001", "order:900010"],
    email: EMAIL,
    lines: [indie],
    subscription: true,
    paidUntil: Date.parse("2026-12-01T10:15:30Z"),
    purchaseId: "900010",
  });
  const cancelled: PaymentEvent = { ...subscribed, kind: "cancelled" };
  const nextEnd = Date.parse("2027-01-01T10:15:30Z");
  const refundedOrder = paymentEvent({
    kind: "refunded",
    references: ["order:900001"],
    purchaseId: "900001",
  });

  test.each<[string, Buffer, PaymentEvent]>([
    ["a paid order is a sale", from("order_created"), sale],
    [
      "an order without custom data is one too",
      from("order_created", { "meta.custom_data": undefined }),
      { ...sale, lines: [{ ...studio, hint: null }] },
    ],
    [
      "three of a thing are one line of three",
      from("order_created", at("first_order_item.quantity", 3)),
      { ...sale, lines: [{ ...studio, quantity: 3 }] },
    ],
    [
      "ids as text are the same ids",
      from("order_created", at("first_order_item.variant_id", "700002")),
      sale,
    ],
    [
      "an order without custom data hints at nothing",
      from("order_created", { "meta.custom_data": [] }),
      { ...sale, lines: [{ ...studio, hint: null }] },
    ],
    [
      "a paid order stays a sale when a part of it is given back",
      from("order_created", at("status", "partial_refund")),
      sale,
    ],
    ["a refund in full takes the order back", from("order_refunded"), refundedOrder],
    ["a flag may come as a number", from("order_refunded", at("refunded", 1)), refundedOrder],
    [
      "an older refund without an amount goes by its status",
      from("order_refunded", at("refunded_amount", undefined)),
      refundedOrder,
    ],
    ["a subscription is a sale until it renews", from("subscription_created"), subscribed],
    [
      "a trial lasts until its end",
      from("subscription_created.on_trial"),
      { ...subscribed, paidUntil: Date.parse("2026-11-15T10:15:30Z") },
    ],
    [
      "a count by usage is one",
      from("subscription_created", at("first_subscription_item.quantity", 0)),
      subscribed,
    ],
    [
      "an active subscription is paid until it renews",
      from("subscription_updated.renewed"),
      { ...subscribed, kind: "renewed", paidUntil: nextEnd },
    ],
    ["a cancelled subscription runs to its end", from("subscription_cancelled"), cancelled],
    [
      "an expired one does as well",
      from("subscription_cancelled", renamed("subscription_expired", at("status", "expired"))),
      cancelled,
    ],
    [
      "an update tells of the end where nothing else does",
      from("subscription_cancelled", renamed("subscription_updated")),
      cancelled,
    ],
    [
      "one that is resumed goes on, and says of no payment",
      from("subscription_cancelled", renamed("subscription_resumed", at("status", "active"))),
      { ...cancelled, kind: "resumed", paidUntil: null },
    ],
    [
      "a renewal's invoice pays from its time, once",
      from("subscription_payment_success.renewal"),
      paymentEvent({
        kind: "renewed",
        references: ["subscription:300001"],
        claims: ["invoice:200002"],
        subscription: true,
        paidFrom: Date.parse("2026-12-01T10:20:00Z"),
      }),
    ],
    [
      "a renewal's refund takes the subscription back",
      from("subscription_payment_refunded"),
      paymentEvent({
        kind: "refunded",
        references: ["subscription:300001"],
        subscription: true,
      }),
    ],
    [
      "a license key of theirs comes with its limit",
      from("license_key_created"),
      {
        ...sale,
        lines: [],
        maxMachines: 3,
        licenseKey: "0F1X7URE-0000-4000-8000-00000F1X7UR3",
      },
    ],
    [
      "a license key without a limit is unlimited",
      from("license_key_created", at("activation_limit", null)),
      {
        ...sale,
        lines: [],
        maxMachines: -1,
        licenseKey: "0F1X7URE-0000-4000-8000-00000F1X7UR3",
      },
    ],
  ])("%s", (_, raw, event) => {
    expect(lemonSqueezy.read(raw).says).toEqual({ state: "event", event });
  });

  test.each<[string, Buffer, RegExp]>([
    ["an unpaid order", from("order_created", at("status", "pending")), /pending/],
    ["a partial refund", from("order_refunded.partial"), /part of the order/],
    [
      "a partial refund of a payment",
      from("subscription_payment_refunded", at("refunded_amount", 500)),
      /part of the payment/,
    ],
    [
      "a subscription behind with its payment",
      from("subscription_updated.renewed", at("status", "past_due")),
      /past_due/,
    ],
    [
      "the invoice of a first payment",
      from("subscription_payment_success.renewal", at("billing_reason", "initial")),
      /order_created/,
    ],
    [
      "the invoice of a changed plan",
      from("subscription_payment_success.renewal", at("billing_reason", "updated")),
      /changed plan/,
    ],
    ...[
      "subscription_paused",
      "subscription_unpaused",
      "subscription_payment_failed",
      "subscription_payment_recovered",
      "license_key_updated",
    ].map((type): [string, Buffer, RegExp] => [
      type,
      from("subscription_created", renamed(type)),
      /\.$/,
    ]),
    ["an unknown event", from("order_created", renamed("affiliate_activated")), /not an event/],
    ["an event with an odd name", from("order_created", renamed("constructor")), /not an event/],
  ])("%s has no consequence, and says why", (_, raw, reason) => {
    expect(lemonSqueezy.read(raw).says).toEqual({
      state: "ignored",
      reason: expect.stringMatching(reason),
    });
  });

  test.each<[string, Buffer]>([
    ["data.attributes.first_order_item", from("order_created", at("first_order_item", null))],
    ["data.attributes.status", from("order_created", at("status", 7))],
    ["data.attributes.renews_at", from("subscription_created", at("renews_at", "soon"))],
    ["data.attributes.key", from("license_key_created", at("key", undefined))],
    ["data.id", from("order_created", { "data.id": null })],
    ["meta", from("order_created", { meta: undefined })],
    ["The payload", Buffer.from("event_name=order_created")],
  ])("a payload that does not fit names %s and shows nothing of the buyer", (field, raw) => {
    const { says } = lemonSqueezy.read(raw);
    expect(says).toEqual({
      state: "unusable",
      reason: expect.stringMatching(new RegExp(`^${field} is missing`)),
    });
    expect(JSON.stringify(says)).not.toContain(EMAIL);
  });

  test("a repeat has the same event id, a further change another", () => {
    const idOf = (raw: Buffer) => lemonSqueezy.read(raw).eventId;
    const first = idOf(from("order_refunded.partial"));
    expect(first).toMatch(/^order_refunded:\d+:2026-/);
    expect(
      idOf(
        from("order_refunded.partial", {
          "meta.webhook_id": "another",
          "data.attributes.urls.receipt": "https://app.lemonsqueezy.com/my-orders/x?signature=new",
        }),
      ),
    ).toBe(first);
    expect(idOf(from("order_refunded.partial", at("refunded_amount", 6000)))).not.toBe(first);
    expect(idOf(from("subscription_updated.renewed", at("renews_at", null)))).not.toBe(
      idOf(from("subscription_updated.renewed")),
    );
  });
});

describe("the proof of origin", () => {
  const raw = from("order_created");
  const sign = (body: Buffer, secret: string) =>
    createHmac("sha256", secret).update(body).digest("hex");
  const prove = (signature: string | undefined, secret = SECRET, body = raw) =>
    lemonSqueezy.prove(
      {
        raw: body,
        headers: signature === undefined ? {} : { "x-signature": signature },
        query: {},
      },
      { secret, sellerId: "" },
      0,
    );
  const good = sign(raw, SECRET);

  test.each<[string, string, string | undefined, string?, Buffer?]>([
    ["good", "the right secret", good],
    [
      "good",
      "a known answer of openssl",
      "88c08004635168ddb48aa540966cb393f503ebf9fc37c59488ed1ce93f6db292",
      "ls_secret",
      Buffer.from('{"a":1}'),
    ],
    ["forged", "another secret", sign(raw, "another")],
    ["forged", "an altered byte", good, SECRET, from("order_created", { "data.id": "900002" })],
    ["forged", "half of it", good.slice(0, 32)],
    ["forged", "no digits", "z".repeat(64)],
    ["forged", "two values", `${good}, ${good}`],
    ["forged", "an empty secret", sign(raw, ""), ""],
    ["unsigned", "no header", undefined],
    ["unsigned", "an empty header", ""],
  ])("is %s with %s", (proof, _, ...[signature, secret, body]) => {
    expect(prove(signature, secret, body)).toBe(proof);
  });
});

test("reading never throws", () => {
  const types = fc.constantFrom("order_created", "subscription_updated", "license_key_created");
  const wrapped = fc
    .record({ type: types, attributes: fc.jsonValue(), id: fc.jsonValue() })
    .map(({ type, attributes, id }) =>
      JSON.stringify({ meta: { event_name: type }, data: { id, attributes } }),
    );
  const anything = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.oneof(fc.json(), wrapped).map((text) => Buffer.from(text)),
  );
  fc.assert(fc.property(anything, (raw) => typeof lemonSqueezy.read(raw).type === "string"));
});
