import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import Stripe from "stripe";
import {
  type Message,
  type PaymentEvent,
  paymentEvent,
} from "../../functions/src/core/payments.ts";
import { stripe } from "../../functions/src/payments/stripe.ts";

const file = (name: string) => readFileSync(join(__dirname, "fixtures/stripe", `${name}.json`));
const says = (raw: Buffer) => stripe.read(raw).says;

type Fields = Record<string, unknown>;
type Event = { id: string; type: string; data: { object: Fields } };

/** The fixture with some of its object's fields changed. */
const altered = (name: string, change: (object: Fields) => Fields, type?: string): Buffer => {
  const event: Event = JSON.parse(file(name).toString());
  const { object } = event.data;
  const data = { ...event.data, object: { ...object, ...change(object) } };
  return Buffer.from(JSON.stringify({ ...event, type: type ?? event.type, data }));
};

const event = (
  said: Pick<PaymentEvent, "kind" | "references"> & Partial<PaymentEvent>,
): Message["says"] => ({ state: "event", event: paymentEvent(said) });
const ignored = { state: "ignored", reason: expect.any(String) };
const unusable = (reason: string) => ({
  state: "unusable",
  reason: expect.stringContaining(reason),
});

const EMAIL = "artist@example.com";
const sold = (line: Partial<PaymentEvent["lines"][number]>) => ({
  productId: null,
  variant: null,
  sold: [],
  hint: null,
  quantity: 1,
  ...line,
});
const SUBSCRIPTION = "sub_1FixSubscription0001";
const INDIE = sold({
  productId: "prod_abc123",
  variant: "indie",
  sold: ["price_1FixPriceIndie0001", "prod_FixStripeProduct01"],
});
const invoice = (id: string, older: readonly string[] = []) => ({
  references: [`subscription:${SUBSCRIPTION}`, `invoice:${id}`, ...older],
  claims: [`invoice:${id}`],
  email: EMAIL,
  lines: [INDIE],
  subscription: true,
  purchaseId: SUBSCRIPTION,
});
const FIRST_END = 1_794_592_000_000;
const SECOND_END = 1_797_184_000_000;
const cancelled = event({
  kind: "cancelled",
  references: [`subscription:${SUBSCRIPTION}`],
  subscription: true,
  purchaseId: SUBSCRIPTION,
});
const ofCharge = {
  references: ["payment_intent:pi_3FixPaymentIntent0001", "charge:ch_3FixCharge0001"],
  purchaseId: "pi_3FixPaymentIntent0001",
};
const ofDispute = { ...ofCharge, disputeId: "du_1FixDispute0001" };

const MEANINGS: Record<string, unknown> = {
  "checkout.session.completed": event({
    kind: "completed",
    references: [
      "checkout_session:cs_test_a1FixPaymentSession0001",
      "payment_intent:pi_3FixPaymentIntent0001",
    ],
    email: EMAIL,
    lines: [sold({ productId: "prod_abc123", variant: "studio" })],
    purchaseId: "pi_3FixPaymentIntent0001",
  }),
  "checkout.session.completed.subscription": event({
    kind: "completed",
    references: [
      "checkout_session:cs_test_b1FixSubscriptionSession01",
      `subscription:${SUBSCRIPTION}`,
      "invoice:in_1FixInvoiceCreate0001",
    ],
    email: EMAIL,
    lines: [sold({ productId: "prod_abc123", variant: "indie" })],
    subscription: true,
    purchaseId: SUBSCRIPTION,
  }),
  "checkout.session.completed.payment_link": event({
    kind: "completed",
    references: [
      "checkout_session:cs_test_d1FixPaymentLink0001",
      "payment_intent:pi_3FixPaymentIntent0004",
    ],
    email: EMAIL,
    lines: [sold({ sold: ["plink_1FixPaymentLink0001"] })],
    purchaseId: "pi_3FixPaymentIntent0004",
  }),
  "checkout.session.completed.client_reference_id": unusable("productId"),
  "checkout.session.completed.unpaid": ignored,
  "checkout.session.async_payment_failed": ignored,
  "checkout.session.async_payment_succeeded": event({
    kind: "completed",
    references: [
      "checkout_session:cs_test_e1FixAsync0001",
      "payment_intent:pi_3FixPaymentIntent0005",
    ],
    email: EMAIL,
    lines: [sold({ productId: "prod_abc123", variant: "studio" })],
    purchaseId: "pi_3FixPaymentIntent0005",
  }),
  "invoice.paid.subscription_create": event({
    kind: "completed",
    ...invoice("in_1FixInvoiceCreate0001"),
    paidUntil: FIRST_END,
  }),
  "invoice.paid.subscription_create.pre-basil": event({
    kind: "completed",
    ...invoice("in_1FixInvoiceCreate0001", [
      "payment_intent:pi_3FixSubIntent0001",
      "charge:ch_3FixChargeSub0001",
    ]),
    paidUntil: FIRST_END,
  }),
  "invoice.paid.trial_zero": event({
    kind: "completed",
    ...invoice("in_1FixInvoiceTrial0003"),
    paidUntil: 1_793_209_600_000,
  }),
  "invoice.paid.subscription_cycle": event({
    kind: "renewed",
    ...invoice("in_1FixInvoiceCycle0002"),
    paidUntil: SECOND_END,
  }),
  "invoice.paid.subscription_cycle.pre-basil": event({
    kind: "renewed",
    ...invoice("in_1FixInvoiceCycle0002", [
      "payment_intent:pi_3FixSubIntent0002",
      "charge:ch_3FixChargeSub0001",
    ]),
    paidUntil: SECOND_END,
  }),
  "invoice_payment.paid": {
    state: "link",
    references: ["invoice:in_1FixInvoiceCreate0001", "payment_intent:pi_3FixSubIntent0001"],
  },
  "charge.refunded": event({ kind: "refunded", ...ofCharge }),
  "charge.refunded.partial": ignored,
  "charge.refunded.subscription.pre-basil": event({
    kind: "refunded",
    references: [
      "payment_intent:pi_3FixSubIntent0001",
      "charge:ch_3FixChargeSub0001",
      "invoice:in_1FixInvoiceCreate0001",
    ],
    purchaseId: "pi_3FixSubIntent0001",
  }),
  "charge.dispute.created": event({ kind: "disputed", ...ofDispute }),
  "charge.dispute.created.inquiry": ignored,
  "charge.dispute.closed.won": event({ kind: "dispute_won", ...ofDispute }),
  "charge.dispute.closed.lost": ignored,
  "customer.subscription.updated.cancel_at_period_end": cancelled,
  "customer.subscription.updated.cancel_at_flexible": cancelled,
  "customer.subscription.updated.renewed": ignored,
  "customer.subscription.deleted": cancelled,
};

describe("what an event says", () => {
  test.each(Object.entries(MEANINGS))("%s", (name, meaning) => {
    const { id, type }: Event = JSON.parse(file(name).toString());
    expect(stripe.read(file(name))).toEqual({ eventId: id, type, says: meaning });
  });

  test("a checkout that cost nothing is a sale, known by its session", () => {
    const free = altered("checkout.session.completed", () => ({
      payment_status: "no_payment_required",
      payment_intent: null,
    }));
    expect(says(free)).toMatchObject({
      event: {
        kind: "completed",
        references: ["checkout_session:cs_test_a1FixPaymentSession0001"],
        purchaseId: "cs_test_a1FixPaymentSession0001",
      },
    });
  });

  test("a checkout that stores a payment method sells nothing", () => {
    const raw = altered("checkout.session.completed", () => ({ mode: "setup" }));
    expect(says(raw)).toEqual(ignored);
  });

  test("a subscription's checkout that names no product leaves it to the invoice, whatever the link", () => {
    const raw = altered("checkout.session.completed.subscription", () => ({
      metadata: {},
      payment_link: "plink_1",
    }));
    expect(says(raw)).toMatchObject({
      event: { kind: "completed", lines: [], subscription: true },
    });
  });

  test("the seller's metadata sets the terms, and says whose license it is", () => {
    const metadata = {
      product_id: " p1 ",
      variant: "",
      quantity: "5",
      durationDays: "365",
      trialDays: "14",
      licenseType: "floating",
      maxMachines: "-1",
      discountCode: "SPRING",
      email: "studio@example.com",
      other: "ignored",
    };
    const terms = {
      durationDays: 365,
      trialDays: 14,
      licenseType: "floating",
      maxMachines: -1,
      discountCode: "SPRING",
      email: "studio@example.com",
    };
    expect(says(altered("checkout.session.completed", () => ({ metadata })))).toMatchObject({
      event: { ...terms, lines: [sold({ productId: "p1", quantity: 5 })] },
    });
    const parent = { subscription_details: { subscription: "sub_1", metadata } };
    const paid = altered("invoice.paid.subscription_create", () => ({ parent }));
    expect(says(paid)).toMatchObject({
      event: { ...terms, lines: [{ productId: "p1", quantity: 5 }] },
    });
  });

  test.each([
    ["quantity", "0"],
    ["quantity", "many"],
    ["durationDays", "1.5"],
    ["maxMachines", "0"],
    ["licenseType", "forever"],
  ])("metadata %s %j is for the vendor to correct", (field, value) => {
    const metadata = { productId: "p1", [field]: value };
    const reason = unusable(`metadata.${field}`);
    expect(says(altered("checkout.session.completed", () => ({ metadata })))).toEqual(reason);
    expect(says(altered("invoice.paid.subscription_cycle", () => ({ metadata })))).toEqual(reason);
  });
});

describe("an invoice", () => {
  const item = (line: Fields, details: Fields = {}) => ({
    period: { start: 1, end: 100 },
    quantity: 1,
    pricing: { price_details: { price: "price_1", product: "prod_1" } },
    ...line,
    parent: {
      type: "subscription_item_details",
      subscription_item_details: { proration: false, ...details },
    },
  });
  const paid = (billing_reason: string, lines: readonly Fields[], metadata: Fields = {}) =>
    says(
      altered("invoice.paid.subscription_create", () => ({
        billing_reason,
        lines: { data: lines },
        parent: { subscription_details: { subscription: "sub_1", metadata } },
      })),
    );
  const other = item({ quantity: 3, pricing: { price_details: { price: "price_2" } } });
  const fee = {
    ...item({ period: { start: 900, end: 900 } }),
    parent: { type: "invoice_item_details" },
  };
  const credit = item({ amount: -100, period: { start: 1, end: 900 } }, { proration: true });

  test("of several prices is several lines, as many as were sold, and no fees", () => {
    const unsold = item({ quantity: 0, pricing: { price_details: { price: "price_3" } } });
    expect(paid("subscription_create", [fee, item({}), other, unsold])).toMatchObject({
      event: {
        lines: [sold({ sold: ["price_1", "prod_1"] }), sold({ sold: ["price_2"], quantity: 3 })],
        paidUntil: 100_000,
      },
    });
  });

  test("whose product the seller names is one line", () => {
    expect(paid("subscription_create", [item({}), other], { productId: "p1" })).toMatchObject({
      event: { lines: [sold({ productId: "p1" })] },
    });
    expect(paid("subscription_create", [other], { productId: "p1" })).toMatchObject({
      event: { lines: [{ productId: "p1", quantity: 3 }] },
    });
  });

  test("renews to the end of what it pays, not of what it credits", () => {
    expect(paid("subscription_cycle", [credit, item({})])).toMatchObject({
      event: { kind: "renewed", paidUntil: 100_000 },
    });
  });

  test("of a changed plan renews only where it pays for a new period", () => {
    expect(paid("subscription_update", [credit, item({})])).toMatchObject({
      event: { kind: "renewed", paidUntil: 100_000 },
    });
    expect(paid("subscription_update", [credit])).toEqual(ignored);
  });

  test("of a prorated first period is a sale", () => {
    expect(paid("subscription_create", [item({}, { proration: true })])).toMatchObject({
      event: { kind: "completed", paidUntil: 100_000, lines: [{ sold: ["price_1", "prod_1"] }] },
    });
  });

  test.each(["manual", "subscription_threshold", "quote_accept", "tomorrow's reason"])(
    "for the reason %s is no sale",
    (reason) => expect(paid(reason, [item({})])).toEqual(ignored),
  );

  test("without its subscription is kept for the vendor", () => {
    const raw = altered("invoice.paid.subscription_cycle", () => ({ parent: null }));
    expect(says(raw)).toEqual(unusable("subscription"));
  });
});

describe("a dispute", () => {
  test("that an inquiry became takes the money", () => {
    const raw = altered("charge.dispute.created", () => ({}), "charge.dispute.funds_withdrawn");
    expect(says(raw)).toEqual(event({ kind: "disputed", ...ofDispute }));
  });

  test("that closes as an inquiry changes nothing", () => {
    const raw = altered("charge.dispute.closed.won", () => ({ status: "warning_closed" }));
    expect(says(raw)).toEqual(ignored);
  });
});

describe("what cannot be read", () => {
  test.each([
    ["not JSON", "{", null, unusable("not an event")],
    ["no event", "{}", null, unusable("not an event")],
    [
      "a thin event",
      '{"id":"evt_1","object":"v2.core.event","type":"v1.charge.refunded"}',
      "evt_1",
      unusable("snapshot"),
    ],
    [
      "a type that is not ours",
      '{"id":"evt_1","type":"payout.paid","data":{"object":{}}}',
      "evt_1",
      { state: "ignored", reason: "payout.paid is not an event Latchkey acts on." },
    ],
    [
      "a type that every object has",
      '{"id":"evt_1","type":"constructor","data":{"object":{}}}',
      "evt_1",
      ignored,
    ],
    [
      "a field of another kind",
      '{"id":"evt_1","type":"charge.refunded","data":{"object":{"id":"ch_1"}}}',
      "evt_1",
      unusable("data.object.refunded"),
    ],
  ])("%s is said to be so", (_, payload, eventId, meaning) => {
    expect(stripe.read(Buffer.from(payload))).toMatchObject({ eventId, says: meaning });
  });

  test("reading never throws, and no reason holds an address", () => {
    const names = Object.keys(MEANINGS);
    const types = names.map((name): string => JSON.parse(file(name).toString()).type);
    const check = (raw: Buffer) => {
      const { says: said } = stripe.read(raw);
      if ("reason" in said) expect(said.reason).not.toContain("@");
    };
    fc.assert(fc.property(fc.uint8Array(), (bytes) => check(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.json(), (type, object) =>
        check(Buffer.from(`{"id":"evt_1","type":"${type}","data":{"object":${object}}}`)),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.jsonValue(), (name, at, value) =>
        check(
          altered(name, (object) => {
            const fields = Object.keys(object);
            return { [fields[at % fields.length] ?? "id"]: value };
          }),
        ),
      ),
    );
  });
});

describe("proof", () => {
  const SECRET = "whsec_test";
  const AT = 1_792_000_000;
  const PAYLOAD = '{"a":1}';
  const VECTOR = "111f57ca293aa1a527925bf7be0d75344a24257d332d584d94df4bf21cc4aad4";
  const header = (options: { payload?: string; secret?: string; timestamp?: number } = {}) =>
    Stripe.webhooks.generateTestHeaderString({
      payload: PAYLOAD,
      secret: SECRET,
      timestamp: AT,
      ...options,
    });
  const prove = (
    signature: string | string[] | undefined,
    { payload = Buffer.from(PAYLOAD), secret = SECRET, now = AT * 1_000 } = {},
  ) =>
    stripe.prove(
      { raw: payload, headers: { "stripe-signature": signature }, query: {} },
      { secret, sellerId: "" },
      now,
    );

  test("is good as the package and the known answer make it, whatever is signed", async () => {
    expect(header()).toBe(`t=${AT},v1=${VECTOR}`);
    expect(await prove(header())).toBe("good");
    const text = "naïve ✓, and not JSON";
    expect(await prove(header({ payload: text }), { payload: Buffer.from(text) })).toBe("good");
  });

  test("is good by any signature of this scheme, as while a secret is rolled", async () => {
    const wrong = "0".repeat(64);
    expect(await prove(`t=${AT},v1=${wrong},v1=${VECTOR},v0=${wrong}`)).toBe("good");
    expect(await prove(`t=${AT},v0=${VECTOR}`)).toBe("forged");
  });

  test.each([
    [-301, "stale"],
    [-300, "good"],
    [300, "good"],
    [301, "stale"],
  ])("signed %i seconds from now is %s", async (seconds, proof) => {
    expect(await prove(header({ timestamp: AT + seconds }))).toBe(proof);
  });

  test("of no header is none", async () => {
    expect(await prove(undefined)).toBe("unsigned");
    expect(await prove("")).toBe("unsigned");
  });

  test.each([
    ["garbage", "garbage"],
    ["no time", `v1=${VECTOR}`],
    ["no signature", `t=${AT}`],
    ["another time", `t=${AT + 1},v1=${VECTOR}`],
    ["two times", `t=${AT},t=${AT},v1=${VECTOR}`],
    ["two headers", [`t=${AT},v1=${VECTOR}`, `t=${AT},v1=${VECTOR}`]],
    ["a cut signature", `t=${AT},v1=${VECTOR.slice(0, -1)}`],
  ])("with %s is forged", async (_, signature) => {
    expect(await prove(signature)).toBe("forged");
  });

  test("of another secret, no secret or other bytes is forged, however old", async () => {
    expect(await prove(header({ secret: "whsec_other" }))).toBe("forged");
    expect(await prove(header({ secret: "whsec_other", timestamp: AT - 999 }))).toBe("forged");
    for (const secret of ["", " "]) {
      expect(await prove(header({ secret }), { secret })).toBe("forged");
    }
    const bytes = Buffer.from(PAYLOAD);
    const others = [...bytes.keys()].map((at) =>
      bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)),
    );
    const withMark = Buffer.from(`\uFEFF${PAYLOAD}`);
    for (const other of [...others, withMark, Buffer.alloc(0)]) {
      expect(await prove(header(), { payload: Buffer.from(other) })).toBe("forged");
    }
  });
});
