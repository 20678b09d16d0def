import fc from "fast-check";
import { paymentEvent } from "../../functions/src/core/payments.ts";
import { native } from "../../functions/src/payments/native.ts";

const SECRET = "a-shop-and-latchkey-know-this";
const SALE = {
  type: "purchase.completed",
  email: "artist@example.com",
  productId: "prod_abc123",
  variant: "studio",
  purchaseId: "pur_1001",
  durationDays: 365,
  amount: 149.0,
  currency: "USD",
};
const LINE = { productId: "prod_abc123", variant: "studio", sold: [], hint: null, quantity: 1 };
const SOLD = paymentEvent({
  kind: "completed",
  references: ["purchase:pur_1001"],
  email: "artist@example.com",
  lines: [LINE],
  subscription: true,
  durationDays: 365,
  purchaseId: "pur_1001",
});
const BARE = { email: SALE.email, productId: SALE.productId };
const bare = { email: SALE.email, lines: [{ ...LINE, variant: null }] };

const read = (body: unknown) => native.read(Buffer.from(JSON.stringify(body)));
const prove = (
  body: unknown,
  headers: Record<string, string | string[]> = {},
  secret: string = SECRET,
) =>
  native.prove(
    {
      raw: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
      headers: headers as Record<string, string>,
      query: {},
    },
    { secret, sellerId: "" },
    0,
  );

test.each([
  ["the header", SALE, { "x-webhook-secret": SECRET }, "good"],
  ["the body", { ...SALE, webhookSecret: SECRET }, {}, "good"],
  ["neither", SALE, {}, "unsigned"],
  ["a body that is no JSON", "webhookSecret", {}, "unsigned"],
  ["a wrong header", SALE, { "x-webhook-secret": `${SECRET}x` }, "forged"],
  ["a shorter header", SALE, { "x-webhook-secret": SECRET.slice(1) }, "forged"],
  ["an empty header", SALE, { "x-webhook-secret": "" }, "forged"],
  ["a header twice", SALE, { "x-webhook-secret": [SECRET, SECRET] }, "forged"],
  ["two headers joined", SALE, { "x-webhook-secret": `${SECRET}, ${SECRET}` }, "forged"],
  ["a wrong body", { ...SALE, webhookSecret: "guess" }, {}, "forged"],
  ["a number in the body", { ...SALE, webhookSecret: 7 }, {}, "forged"],
  [
    "a right body under a wrong header",
    { ...SALE, webhookSecret: SECRET },
    { "x-webhook-secret": "guess" },
    "forged",
  ],
  [
    "a wrong body under a right header",
    { ...SALE, webhookSecret: "guess" },
    { "x-webhook-secret": SECRET },
    "good",
  ],
])("a secret in %s", (_, body, headers, proof) => {
  expect(prove(body, headers as Record<string, string>)).toBe(proof);
});

test.each(["", SECRET])("without a secret of our own nothing is good: %j", (sent) => {
  expect(prove(SALE, { "x-webhook-secret": sent }, "")).toBe("forged");
  expect(prove({ ...SALE, webhookSecret: sent }, {}, "")).toBe("forged");
});

test("the contract's example is a sale, and the secret stays behind", () => {
  const message = read({ ...SALE, webhookSecret: SECRET });
  expect(message).toEqual({
    eventId: null,
    type: "purchase.completed",
    says: { state: "event", event: SOLD },
  });
  expect(JSON.stringify(message)).not.toContain(SECRET);
});

test.each([
  ["purchase.completed", "completed"],
  ["purchase.refunded", "refunded"],
  ["purchase.disputed", "disputed"],
  ["purchase.dispute_won", "dispute_won"],
  ["subscription.renewed", "renewed"],
  ["subscription.cancelled", "cancelled"],
])("%s is %s", (type, kind) => {
  expect(read({ ...SALE, type }).says).toEqual({ state: "event", event: { ...SOLD, kind } });
});

test.each<[string, object, object]>([
  ["an address in capitals", { email: " Artist@Example.com " }, { email: "artist@example.com" }],
  [
    "numbers as digits",
    { maxMachines: "3", trialDays: "14", durationDays: "30" },
    { maxMachines: 3, trialDays: 14, durationDays: 30, subscription: true },
  ],
  ["an unlimited number", { maxMachines: -1 }, { maxMachines: -1 }],
  ["an unlimited number as digits", { maxMachines: "-1" }, { maxMachines: -1 }],
  ["days that are none", { durationDays: 0, trialDays: 0 }, {}],
  ["a license type", { licenseType: "floating" }, { licenseType: "floating" }],
  ["a code", { discountCode: "SPRING" }, { discountCode: "SPRING" }],
  [
    "nothing, spelled out",
    { variant: null, purchaseId: "", durationDays: null, licenseType: "", maxMachines: null },
    {},
  ],
  [
    "a purchase that is counted",
    { purchaseId: 1001 },
    { purchaseId: "1001", references: ["purchase:1001"] },
  ],
  [
    "an invoice and a renewal",
    { invoiceId: "in_1", renewalId: 2 },
    { claims: ["renewal:2", "invoice:in_1"] },
  ],
  ["an amount as text", { amount: "149.00", currency: "usd" }, {}],
])("%s is understood", (_, fields, changes) => {
  const none = paymentEvent({ kind: "completed", references: [] });
  expect(read({ ...BARE, type: "purchase.completed", ...fields }).says).toEqual({
    state: "event",
    event: { ...none, ...bare, ...changes },
  });
});

test.each(["subscription.renewed", "subscription.cancelled"])(
  "%s without a purchase names the buyer and the product",
  (type) => {
    expect(read({ ...BARE, type }).says).toMatchObject({
      event: { references: [], ...bare, subscription: true },
    });
  },
);

test.each([
  ["no type", { ...SALE, type: undefined }, "type"],
  ["no address", { ...SALE, email: undefined }, "email: is required."],
  ["no product", { ...SALE, productId: "" }, "productId: is required."],
  ["no address at all", { ...SALE, email: "artist" }, "email: must be an e-mail address."],
  ["a product that is no text", { ...SALE, productId: {} }, "productId: must be a string."],
  ["an unknown license type", { ...SALE, licenseType: "lifetime" }, "licenseType"],
  ["no machine at all", { ...SALE, maxMachines: 0 }, "maxMachines"],
  ["half a day", { ...SALE, durationDays: 1.5 }, "durationDays: must be a whole number"],
  ["days in words", { ...SALE, trialDays: "two" }, "trialDays"],
  ["days that go back", { ...SALE, durationDays: -1 }, "durationDays"],
  ["half a character", { ...SALE, purchaseId: "\ud800" }, "purchaseId"],
  ["a refund of nothing", { ...BARE, type: "purchase.refunded" }, "purchaseId"],
  ["a dispute about nothing", { ...BARE, type: "purchase.disputed" }, "purchaseId"],
  ["a dispute won about nothing", { ...BARE, type: "purchase.dispute_won" }, "purchaseId"],
  ["a list", [SALE], "JSON object"],
  ["null", null, "JSON object"],
])("%s is unusable, and the reason names what is", (_, body, named) => {
  const { says } = read(body);
  expect(says).toEqual({ state: "unusable", reason: expect.stringContaining(named) });
  expect(JSON.stringify(says)).not.toContain("artist");
});

test("a type of another contract has no consequence, whatever else it lacks", () => {
  expect(read({ type: "purchase.viewed" })).toMatchObject({
    type: "purchase.viewed",
    says: { state: "ignored" },
  });
});

test.each([{ eventId: "e1" }, { id: "e1" }, { eventId: "e1", id: "p1" }])(
  "the sender's id of the event is kept apart by type: %j",
  (ids) => {
    expect(read({ ...SALE, ...ids }).eventId).toBe("purchase.completed:e1");
    expect(read({ ...SALE, ...ids, type: "purchase.refunded" }).eventId).toBe(
      "purchase.refunded:e1",
    );
  },
);

test("an id that is none leaves the payload to tell repeats", () => {
  expect(read({ ...SALE, eventId: {} }).eventId).toBeNull();
});

test("no bytes make it throw", () => {
  const keys = fc.constantFrom(...Object.keys(SALE), "eventId", "webhookSecret", "__proto__");
  const types = fc.constantFrom("purchase.completed", "purchase.refunded", "constructor");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.json().map((json) => Buffer.from(json)),
        fc
          .tuple(types, fc.dictionary(keys, fc.jsonValue()))
          .map(([type, fields]) => Buffer.from(JSON.stringify({ ...fields, type }))),
      ),
      (raw) => {
        expect(native.read(raw).says.state).toMatch(/^(event|ignored|unusable)$/);
        const proof = native.prove(
          { raw, headers: {}, query: {} },
          { secret: SECRET, sellerId: "" },
          0,
        );
        expect(["unsigned", "forged"]).toContain(proof);
      },
    ),
  );
});
