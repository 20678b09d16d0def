import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type PaymentEvent, paymentEvent } from "../../functions/src/core/payments.ts";
import { gumroad } from "../../functions/src/payments/gumroad.ts";

const SECRET = "a-secret-in-the-url";
const SALE_ID = "saleAAAAAAAAAAAAAA==";
const FIRST = "saleDDDDDDDDDDDDDD==";
const RENEWAL = "saleEEEEEEEEEEEEEE==";
const SELLER = "sellerAAAAAAAAAAAA==";
const MEMBERSHIP = "subAAAAAAAAAAAAAAA==";

const recorded = (name: string) =>
  readFileSync(join(__dirname, "fixtures/gumroad", name), "utf8").trim();
const readText = (body: string) => gumroad.read(Buffer.from(body));
/** A ping with fields changed; null takes one out. */
const changed = (name: string, changes: Record<string, string | null>) => {
  const fields = new URLSearchParams(recorded(name));
  for (const [field, value] of Object.entries(changes)) {
    if (value === null) fields.delete(field);
    else fields.set(field, value);
  }
  return readText(fields.toString());
};
const eventOf = (name: string, changes: Record<string, string | null> = {}) => {
  const { says } = changed(name, changes);
  return says.state === "event" ? says.event : undefined;
};

const LINE = {
  productId: null,
  variant: null,
  sold: ["productAAAAAAAAAAA==", "fixab", "example-plugin"],
  hint: { productId: "prod_abc123", variant: null },
  quantity: 1,
};
const COMMON = {
  email: "artist@example.com",
  lines: [LINE],
  licenseKey: "38B1460A-5104411B-A9D2F1EC-F0B3FBB4",
};
const SOLD = paymentEvent({
  ...COMMON,
  kind: "completed",
  references: [`sale:${SALE_ID}`],
  claims: [`sale:${SALE_ID}`],
  purchaseId: SALE_ID,
});
const undone = (kind: PaymentEvent["kind"], disputeId: string | null) => ({
  ...SOLD,
  kind,
  claims: [],
  disputeId,
});
const MEMBER = {
  ...SOLD,
  subscription: true,
  paidUntil: Date.parse("2026-12-01T10:15:30Z"),
  lines: [{ ...LINE, variant: "indie" }],
};
const ENDED = paymentEvent({
  ...COMMON,
  kind: "cancelled",
  references: [`subscription:${MEMBERSHIP}`],
  lines: [{ ...LINE, sold: ["productAAAAAAAAAAA=="], hint: null }],
  subscription: true,
  purchaseId: MEMBERSHIP,
});

test.each([
  [SECRET, SECRET, "good"],
  ["another", SECRET, "forged"],
  [`${SECRET} `, SECRET, "forged"],
  [SECRET.slice(1), SECRET, "forged"],
  ["", SECRET, "forged"],
  [undefined, SECRET, "unsigned"],
  ["", "", "forged"],
  [SECRET, "", "forged"],
])("?secret=%s where %j is ours", (sent, ours, proof) => {
  const query: Record<string, string> = sent === undefined ? {} : { secret: sent };
  const credentials = { secret: ours, sellerId: "" };
  expect(gumroad.prove({ raw: Buffer.alloc(0), headers: {}, query }, credentials, 0)).toBe(proof);
});

test.each([
  ["sale.txt", SECRET, SELLER, "good"],
  ["sale.json", SECRET, SELLER, "good"],
  ["sale.txt", SECRET, `${SELLER}x`, "forged"],
  ["sale.json", SECRET, "another", "forged"],
  ["sale.txt", "guess", SELLER, "forged"],
  ["sale.txt", undefined, SELLER, "unsigned"],
  ["cancellation.txt", SECRET, SELLER, "good"],
])("%s with ?secret=%s where %j is the seller", (name, sent, sellerId, proof) => {
  const query: Record<string, string> = sent === undefined ? {} : { secret: sent };
  const ping = { raw: Buffer.from(recorded(name)), headers: {}, query };
  expect(gumroad.prove(ping, { secret: SECRET, sellerId }, 0)).toBe(proof);
});

test.each<[string, string, PaymentEvent]>([
  ["sale.txt", `sale:${SALE_ID}`, SOLD],
  ["sale.json", `sale:${SALE_ID}`, SOLD],
  [
    "sale.membership.txt",
    `sale:${FIRST}`,
    {
      ...MEMBER,
      references: [`sale:${FIRST}`, `subscription:${MEMBERSHIP}`],
      claims: [`sale:${FIRST}`],
      purchaseId: MEMBERSHIP,
    },
  ],
  [
    "sale.recurring.txt",
    `sale:${RENEWAL}`,
    {
      ...MEMBER,
      kind: "renewed",
      paidUntil: Date.parse("2027-01-01T10:16:02Z"),
      references: [`sale:${RENEWAL}`, `subscription:${MEMBERSHIP}`],
      claims: [`sale:${RENEWAL}`],
      purchaseId: MEMBERSHIP,
      lines: [{ ...LINE, variant: "indie", hint: null }],
    },
  ],
  ["refund.txt", `refund:${SALE_ID}`, undone("refunded", null)],
  ["dispute.txt", `dispute:${SALE_ID}`, undone("disputed", SALE_ID)],
  ["dispute_won.txt", `dispute_won:${SALE_ID}`, undone("dispute_won", SALE_ID)],
  ["cancellation.txt", `cancellation:${MEMBERSHIP}:2027-01-01T10:15:30Z`, ENDED],
  ["subscription_ended.txt", `subscription_ended:${MEMBERSHIP}:2027-01-01T10:15:30Z`, ENDED],
])("%s is read", (name, eventId, event) => {
  expect(readText(recorded(name))).toEqual({
    eventId,
    type: name.replace(/\..*/, ""),
    says: { state: "event", event },
  });
});

test.each([
  ["refund.partial.txt", `partial_refund:${SALE_ID}`, "partial"],
  ["test_ping_button.txt", `test:${SALE_ID}`, "test"],
  ["subscription_updated.txt", `subscription_updated:${MEMBERSHIP}:2026-12-10T09:00:00Z`, "plan"],
  [
    "subscription_restarted.txt",
    `subscription_restarted:${MEMBERSHIP}:2027-01-09T08:00:00Z`,
    "payment",
  ],
])("%s has no consequence, and says why", (name, eventId, reason) => {
  expect(readText(recorded(name))).toMatchObject({
    eventId,
    says: { state: "ignored", reason: expect.stringContaining(reason) },
  });
});

test("a preorder is not a sale, and an unknown ping is nothing", () => {
  expect(changed("sale.txt", { is_preorder_authorization: "true" })).toMatchObject({
    eventId: `preorder:${SALE_ID}`,
    says: { state: "ignored" },
  });
  expect(changed("sale.txt", { resource_name: "constructor" }).says.state).toBe("ignored");
});

test.each(["sale.txt", "sale.recurring.txt", "refund.txt", "cancellation.txt"])(
  "a retry of %s is the same event",
  (name) => {
    expect(changed(name, { retry_count: "2" })).toEqual(readText(recorded(name)));
  },
);

test("the refund of the rest is not a repeat of the partial one", () => {
  const ids = ["refund.txt", "refund.partial.txt"].map((name) => readText(recorded(name)).eventId);
  expect(new Set(ids).size).toBe(2);
});

test.each([
  ["sale", { refunded: "true" }, "refunded", "refund"],
  ["sale", { disputed: "true" }, "disputed", "dispute"],
  ["sale", { disputed: "true", dispute_won: "true" }, "dispute_won", "dispute_won"],
  ["dispute", { disputed: "true", dispute_won: "true" }, "dispute_won", "dispute_won"],
  ["dispute_won", { dispute_won: "true", refunded: "true" }, "refunded", "refund"],
])("a late ping of %s with %j is %s", (resource, flags, kind, what) => {
  const names = resource === "sale" ? [null, "sale"] : [resource];
  for (const resource_name of names) {
    const message = changed("sale.txt", { ...flags, resource_name });
    expect(message.eventId).toBe(`${what}:${SALE_ID}`);
    expect(message.says).toMatchObject({ state: "event", event: { kind } });
  }
});

test.each([
  ["monthly", "2027-01-31T10:15:30Z", "2027-02-28T10:15:30Z"],
  ["monthly", "2028-01-31T00:00:00+02:00", "2028-02-29T22:00:00Z"],
  ["monthly", "2026-12-31T10:15:30Z", "2027-01-31T10:15:30Z"],
  ["quarterly", "2026-11-30T10:15:30Z", "2027-02-28T10:15:30Z"],
  ["biannually", "2026-08-31T23:59:59Z", "2027-02-28T23:59:59Z"],
  ["yearly", "2028-02-29T10:15:30Z", "2029-02-28T10:15:30Z"],
  ["every_two_years", "2026-11-01T10:15:30Z", "2028-11-01T10:15:30Z"],
])("a %s payment of %s is good until %s", (recurrence, sale_timestamp, end) => {
  for (const name of ["sale.membership.txt", "sale.recurring.txt"]) {
    expect(eventOf(name, { recurrence, sale_timestamp })).toMatchObject({
      paidUntil: Date.parse(end),
      durationDays: null,
    });
  }
  expect(eventOf("sale.txt", { recurrence, sale_timestamp })).toMatchObject({
    paidUntil: null,
    durationDays: null,
    subscription: false,
  });
});

test.each([
  ["monthly", 31],
  ["quarterly", 92],
  ["biannually", 184],
  ["yearly", 366],
  ["every_two_years", 731],
  ["toString", null],
  [null, null],
])("a %s payment of nobody knows when is good for %s days", (recurrence, durationDays) => {
  for (const sale_timestamp of [null, "", "yesterday", "2026-02-30T00:00:00Z"]) {
    expect(eventOf("sale.membership.txt", { recurrence, sale_timestamp })).toMatchObject({
      durationDays,
      paidUntil: null,
      subscription: true,
    });
  }
});

test.each<[string, Record<string, string | null>, object]>([
  ["a quantity", { quantity: "3" }, { quantity: 3 }],
  [
    "a hint with a variant",
    { "url_params[variant]": "studio" },
    { hint: { productId: "prod_abc123", variant: "studio" } },
  ],
  [
    "a hint in the other spelling",
    { "url_params[productId]": null, "url_params[product_id]": "prod_x" },
    { hint: { productId: "prod_x", variant: null } },
  ],
  ["no hint", { "url_params[productId]": "" }, { hint: null }],
  ["a tier", { "variants[Tier]": "Studio Pro (10)" }, { variant: "studio-pro-10" }],
  ["two options", { "variants[Tier]": "Pro", "variants[Color]": "Red" }, { variant: null }],
  ["an option of one product", { permalink: "" }, {}],
  [
    "a permalink of its own",
    {
      permalink: "plugin",
      product_permalink: "https://shop.example/l/tools/?wanted=true",
    },
    { sold: ["productAAAAAAAAAAA==", "fixab", "tools", "plugin"] },
  ],
])("%s is read into the line", (_, changes, line) => {
  expect(eventOf("sale.txt", changes)?.lines).toEqual([{ ...LINE, ...line }]);
});

test("what the buyer chose in the link never stands among what was sold", () => {
  const [line] = eventOf("sale.txt", { "url_params[product_id]": "prod_dear" })?.lines ?? [];
  expect(line?.sold).not.toContain("prod_abc123");
  expect(line?.sold).not.toContain("prod_dear");
  expect(line?.productId).toBeNull();
});

test("a sale without a key leaves it to us, and a gift goes to who receives it", () => {
  expect(eventOf("sale.txt", { license_key: null })?.licenseKey).toBeNull();
  const gift = { is_gift_receiver_purchase: "true", gifter_email: "giver@example.com", price: "0" };
  expect(eventOf("sale.txt", { ...gift, email: " Friend@Example.com" })?.email).toBe(
    "friend@example.com",
  );
});

test.each([
  ["sale.txt", { sale_id: "" }, "sale_id: is required."],
  ["sale.txt", { email: null }, "email"],
  ["sale.txt", { email: "artist" }, "email"],
  ["sale.txt", { quantity: "0" }, "quantity: must be a whole number"],
  ["refund.txt", { sale_id: null }, "sale_id"],
  ["cancellation.txt", { subscription_id: null }, "subscription_id"],
])("%s with %j is unusable, and the reason names the field", (name, changes, reason) => {
  const { says } = changed(name, changes);
  expect(says).toEqual({ state: "unusable", reason: expect.stringContaining(reason) });
  expect(JSON.stringify(says)).not.toContain("artist");
});

test.each(["refund.txt", "dispute.txt", "dispute_won.txt", "sale.recurring.txt"])(
  "%s needs no address",
  (name) => expect(eventOf(name, { email: null })).toMatchObject({ email: null }),
);

test("no bytes make it throw", () => {
  const names = [...new URLSearchParams(recorded("sale.membership.txt")).keys(), "__proto__"];
  const form = fc
    .array(fc.tuple(fc.constantFrom(...names), fc.string()))
    .map((fields) => `sale_id=1&${new URLSearchParams(fields)}`);
  const json = fc
    .dictionary(fc.constantFrom(...names, "toString"), fc.jsonValue())
    .map((fields) => JSON.stringify(fields));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.oneof(fc.json(), json, form).map((body) => Buffer.from(body)),
      ),
      (raw) => expect(gumroad.read(raw).says.state).toMatch(/^(event|ignored|unusable)$/),
    ),
  );
  expect(readText('{"sale_id":{"toString":1}}').says.state).toBe("unusable");
  expect(readText('{"a":{"b":{"toString":1}}}').says.state).toBe("unusable");
  expect(readText("{").says.state).toBe("unusable");
});
