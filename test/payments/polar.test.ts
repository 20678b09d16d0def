import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { type PaymentEvent, paymentEvent } from "../../functions/src/core/payments.ts";
import { polar } from "../../functions/src/payments/polar.ts";
import { payload } from "./payloads.ts";

const EMAIL = "artist@example.com";
const PRODUCT = "5d1c9a10-3c1e-4c58-9a0e-2b7f9e1c4a11";
const PRICE = "7f0f3e55-62a4-4c31-8f1e-1a4b6c2d9e01";
const SUBSCRIPTION = "subscription:e5149aae-e521-42b9-b24c-abb3d71eea2e";
const order = (last: string) => `order:0b6a1c52-8f1d-4d0e-9d53-6f0f6e1a0c${last}`;

const from = (name: string, changes?: Record<string, unknown>) => payload(`polar/${name}`, changes);

describe("what Polar announces", () => {
  const hint = { productId: "prod_abc123", variant: "pro" };
  const line = { productId: null, variant: null, sold: [PRICE, PRODUCT], hint, quantity: 1 };
  const bought = { userId: null, planId: null, boughtAt: Date.parse("2026-11-01T10:15:25Z") };
  const sale: PaymentEvent = paymentEvent({
    kind: "completed",
    references: [order("01")],
    claims: [order("01")],
    email: EMAIL,
    lines: [line],
    subscriber: bought,
    purchaseId: order("01").slice(6),
  });
  const subscribed: PaymentEvent = {
    ...sale,
    references: [order("02"), SUBSCRIPTION],
    claims: [order("02")],
    subscription: true,
    paidUntil: Date.parse("2026-12-01T10:15:25Z"),
    purchaseId: SUBSCRIPTION.slice(13),
  };
  const renewed: PaymentEvent = {
    ...subscribed,
    kind: "renewed",
    references: [order("03"), SUBSCRIPTION],
    claims: [order("03")],
    paidUntil: Date.parse("2027-01-01T10:15:25Z"),
    subscriber: { ...bought, boughtAt: Date.parse("2026-12-01T10:15:25Z") },
  };
  const ending = { references: [SUBSCRIPTION], subscription: true };
  const user = "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10";
  const metadata = { productId: "prod_abc123", variant: "pro" };

  test.each<[string, Buffer, PaymentEvent]>([
    ["a paid order is a sale", from("order.paid"), sale],
    [
      "seats are a quantity",
      from("order.paid", { "data.seats": 3 }),
      { ...sale, lines: [{ ...line, quantity: 3 }] },
    ],
    [
      "what the seller wrote into the product at Polar goes before what the checkout says",
      from("order.paid", { "data.product.metadata": { productId: "prod_xyz", planId: "p1" } }),
      {
        ...sale,
        lines: [{ ...line, productId: "prod_xyz" }],
        subscriber: { ...bought, planId: "p1" },
      },
    ],
    [
      "the customer's external id is a user's",
      from("order.paid", { "data.customer.external_id": user }),
      { ...sale, subscriber: { ...bought, userId: user } },
    ],
    [
      "metadata names user and plan, and goes before the customer's external id",
      from("order.paid", {
        "data.customer.external_id": "crm-7",
        "data.metadata": { ...metadata, userId: user, planId: "p2" },
      }),
      { ...sale, subscriber: { ...bought, userId: user, planId: "p2" } },
    ],
    [
      "a subscription's first order pays to the end of its period",
      from("order.paid.subscription_create"),
      subscribed,
    ],
    ["a later one renews", from("order.paid.subscription_cycle"), renewed],
    [
      "one for a changed subscription pays to the end of the period that it is in then",
      from("order.paid.subscription_cycle", {
        "data.billing_reason": "subscription_update",
        "data.subscription.current_period_end": "2027-12-01T10:15:25.000000Z",
      }),
      { ...renewed, paidUntil: Date.parse("2027-12-01T10:15:25Z") },
    ],
    [
      "a renewal without metadata has that of its subscription",
      from("order.paid.subscription_cycle", { "data.metadata": {} }),
      renewed,
    ],
    [
      "the last order of a subscription that ended pays for nothing to come",
      from("order.paid.subscription_cycle", {
        "data.subscription.ended_at": "2026-12-05T00:00:00Z",
      }),
      { ...renewed, paidUntil: Date.parse("2026-12-05T00:00:00Z") },
    ],
    [
      "a trial is a sale until it ends",
      from("subscription.created.trialing"),
      {
        ...subscribed,
        references: [SUBSCRIPTION],
        claims: [],
        lines: [{ ...line, sold: [PRODUCT] }],
        paidUntil: Date.parse("2026-11-15T10:15:25Z"),
        subscriber: { ...bought, boughtAt: Date.parse("2026-11-01T10:15:20Z") },
      },
    ],
    [
      "a sale whose time cannot be read is a sale",
      from("order.paid", { "data.created_at": "yesterday" }),
      { ...sale, subscriber: { ...bought, boughtAt: null } },
    ],
    [
      "a refund in full",
      from("order.refunded"),
      paymentEvent({ kind: "refunded", references: [order("01")], purchaseId: sale.purchaseId }),
    ],
    [
      "a renewal's refund names the subscription too",
      from("order.refunded.subscription_cycle"),
      paymentEvent({
        kind: "refunded",
        references: [order("03"), SUBSCRIPTION],
        purchaseId: subscribed.purchaseId,
      }),
    ],
    [
      "a cancellation",
      from("subscription.canceled"),
      paymentEvent({ kind: "cancelled", ...ending }),
    ],
    [
      "its end",
      from("subscription.revoked"),
      paymentEvent({
        kind: "cancelled",
        ...ending,
        endedAt: Date.parse("2026-12-01T10:15:25Z"),
      }),
    ],
    [
      "a cancellation taken back",
      from("subscription.uncanceled"),
      paymentEvent({ kind: "resumed", ...ending }),
    ],
  ])("%s", (_, raw, event) => {
    expect(polar.read(raw).says).toEqual({ state: "event", event });
  });

  test.each<[string, Buffer, RegExp]>([
    [
      "a refund in part",
      from("order.refunded", { "data.status": "partially_refunded" }),
      /partial refund/,
    ],
    [
      "a changed subscription without a period",
      from("order.paid.subscription_cycle", {
        "data.billing_reason": "subscription_update",
        "data.subscription": null,
      }),
      /of no period/,
    ],
    ["an order that is not paid yet", from("order.paid", { type: "order.created" }), /is paid/],
    ["a subscription that is paid for", from("subscription.created"), /once it is paid/],
    [
      "a payment that failed",
      from("subscription.canceled", { type: "subscription.past_due" }),
      /grace/,
    ],
    ["another event", from("order.paid", { type: "benefit.created" }), /not an event/],
  ])("%s has no consequence, and says why", (_, raw, reason) => {
    expect(polar.read(raw).says).toEqual({
      state: "ignored",
      reason: expect.stringMatching(reason),
    });
  });

  test.each<[string, Buffer]>([
    ["data.product_id", from("order.paid", { "data.product_id": null })],
    ["data.billing_reason", from("order.paid", { "data.billing_reason": "raffle" })],
    ["data.status", from("order.refunded", { "data.status": "paid" })],
    [
      "data.subscription.current_period_end",
      from("order.paid.subscription_create", {
        "data.subscription.current_period_end": "0001-01-01T00:00:00Z",
      }),
    ],
    ["data.customer", from("order.paid", { "data.customer": undefined })],
    ["data.id", from("order.paid", { "data.id": undefined })],
    ["type", from("order.paid", { type: undefined })],
    ["The payload", Buffer.from("{")],
  ])("a payload that does not fit names %s and shows nothing of the buyer", (field, raw) => {
    const { says } = polar.read(raw);
    expect(says).toEqual({
      state: "unusable",
      reason: expect.stringMatching(new RegExp(`^${field} is `)),
    });
    expect(JSON.stringify(says)).not.toContain(EMAIL);
  });

  test("a repeat is known by what it is about and when it happened", () => {
    const { eventId } = polar.read(from("order.paid"));
    expect(eventId).toBe(`order.paid:${order("01").slice(6)}:2026-11-01T10:15:40.123456Z`);
    expect(polar.read(from("order.paid", { "data.name": "x" })).eventId).toBe(eventId);
    expect(polar.read(from("order.paid", { timestamp: undefined })).eventId).toBeNull();
  });
});

describe("the proof of origin", () => {
  const raw = Buffer.from('{"a":1}');
  const id = "7a1f3b52-4c7d-4e1b-8a54-1f0e2d3c4b5a";
  const sent = 1_792_000_000;
  const OLD = "polar_whs_test";
  const NEW = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
  // Answers of `openssl dgst -sha256 -mac HMAC` over `id.time.body`.
  const byOld = "v1,Arl3OA26UgsfkvQDH0zbycVMT6ke6kNvOMGya02xh1M=";
  const byNewAsText = "v1,ANcmE6y75nWcuebyxOKz4ghbvl7U+mQD82/PhIctDrM=";
  const byNewAsBase64 = "v1,NxqU5rITJHEC/DBKASvs90HTbyzHgbIARFOavUVqk18=";

  const emptyKey = createHmac("sha256", "").update(`${id}.${sent}.${raw}`).digest("base64");

  const prove = (
    signature: string | undefined,
    { secret = OLD, time = `${sent}`, body = raw, seconds = 0, named = id } = {},
  ) =>
    polar.prove(
      {
        raw: body,
        headers: {
          ...(named === "" ? {} : { "webhook-id": named }),
          ...(time === "" ? {} : { "webhook-timestamp": time }),
          ...(signature === undefined ? {} : { "webhook-signature": signature }),
        },
        query: {},
      },
      { secret, sellerId: "" },
      (sent + seconds) * 1_000,
    );

  test.each<[string, string, string | undefined, Parameters<typeof prove>[1]]>([
    ["good", "the text of the secret as key", byOld, {}],
    ["good", "the same, where it begins like a newer one", byNewAsText, { secret: NEW }],
    ["good", "the bytes that a newer secret stands for", byNewAsBase64, { secret: NEW }],
    ["good", "several, of which the last is right", `v1,AAAA v1a,xyz ${byOld}`, {}],
    ["forged", "another secret", byOld, { secret: "polar_whs_other" }],
    ["forged", "an altered byte", byOld, { body: Buffer.from('{"a":2}') }],
    ["forged", "another time", byOld, { time: `${sent + 1}` }],
    ["forged", "another id", byOld, { named: "other" }],
    ["forged", "a time that is no number", byOld, { time: "now" }],
    ["forged", "another version", byOld.replace("v1,", "v2,"), {}],
    ["forged", "half of it", byOld.slice(0, 20), {}],
    ["forged", "an empty secret", `v1,${emptyKey}`, { secret: "" }],
    ["forged", "the key of a prefix alone", byNewAsBase64, { secret: "whsec_" }],
    ["unsigned", "no signature", undefined, {}],
    ["unsigned", "no id", byOld, { named: "" }],
    ["unsigned", "no time", byOld, { time: "" }],
  ])("is %s with %s", (proof, _, signature, more) => {
    expect(prove(signature, more)).toBe(proof);
  });

  test("the library that Polar signs with agrees, over whatever is sent", () => {
    const at = new Date(sent * 1_000);
    fc.assert(
      fc.property(fc.json(), fc.stringMatching(/^[\x21-\x7e]{1,60}$/), (text, secret) => {
        const key = Buffer.from(secret).toString("base64");
        const signature = new Webhook(key).sign(id, at, text);
        expect(prove(signature, { secret, body: Buffer.from(text) })).toBe("good");
      }),
    );
  });

  test.each([
    [300, "good"],
    [-300, "good"],
    [301, "stale"],
    [-301, "stale"],
  ])("%i s after it was sent it is %s", (seconds, proof) => {
    expect(prove(byOld, { seconds })).toBe(proof);
    expect(prove(byNewAsText, { seconds })).toBe("forged");
  });
});

test("reading never throws", () => {
  const types = fc.constantFrom("order.paid", "order.refunded", "subscription.created");
  const wrapped = fc
    .record({ type: types, timestamp: fc.string(), data: fc.jsonValue() })
    .map((said) => JSON.stringify(said));
  const anything = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.oneof(fc.json(), wrapped).map((text) => Buffer.from(text)),
  );
  fc.assert(fc.property(anything, (raw) => typeof polar.read(raw).type === "string"));
});
