import * as z from "zod";
import type { Message, SaleLine } from "../core/payments.ts";
import { address, instant, name, namedIn, parsedJson } from "./fields.ts";
import type { PaymentSource } from "./payment-source.ts";
import { freshness, signedByOneOf } from "./proofs.ts";
import {
  event,
  ignored,
  ignoring,
  notActedUpon,
  type Reader,
  reading,
  unfit,
  unusable,
} from "./translated.ts";

/** Webhooks of Paddle Billing. */
export const paddle: PaymentSource = {
  prove({ raw, headers }, { secret }, now) {
    const header = headers["paddle-signature"];
    if (!header) return "unsigned";
    const parts = [header].flat().join(";").split(";");
    const values = (key: string) =>
      parts.filter((part) => part.startsWith(`${key}=`)).map((part) => part.slice(key.length + 1));
    const [ts, secondTs] = values("ts");
    if (ts === undefined || secondTs !== undefined || !/^\d{1,12}$/.test(ts)) return "forged";
    // There are several while the vendor replaces the secret.
    if (!signedByOneOf(values("h1"), secret, `${ts}:`, raw)) return "forged";
    return freshness(Number(ts) * 1_000, now);
  },
  read(raw): Message {
    const payload = parsedJson(raw);
    const parsed = envelope.safeParse(payload);
    if (!parsed.success) {
      return { eventId: null, type: "unknown", says: unfit(parsed.error) };
    }
    const { event_id: eventId, event_type: type } = parsed.data;
    return { eventId, type, says: readers.get(type)?.(payload) ?? notActedUpon(type) };
  },
};

// Not `notification_id`: sending an event again gives it a new one.
const envelope = z.looseObject({ event_id: name, event_type: name });

const about = <Shape extends z.ZodRawShape>(data: Shape) =>
  z.looseObject({ data: z.looseObject(data) });

const item = z.looseObject({
  price: z.looseObject({
    id: name,
    product_id: name,
    custom_data: z.unknown().optional(),
    billing_cycle: z.unknown().optional(),
  }),
  quantity: z.int().positive(),
});

const transaction = about({
  id: name,
  origin: name,
  customer_id: name.nullish(),
  subscription_id: name.nullish(),
  custom_data: z.unknown().optional(),
  billing_period: z.looseObject({ ends_at: instant }).nullish(),
  items: z.array(item).min(1),
});
type Transaction = z.output<typeof transaction>["data"];

const adjustment = about({
  action: name,
  type: name,
  status: name,
  transaction_id: name,
  subscription_id: name.nullish(),
});

const subscription = about({
  id: name,
  transaction_id: name.nullish(),
  status: name,
  scheduled_change: z.looseObject({ action: name, effective_at: instant }).nullish(),
});

const customer = about({ id: name, email: z.string().trim().min(1) });

const customEmail = z.looseObject({ email: address }).catch({ email: null });

const references = (transactionId: string, subscriptionId: string | null | undefined) => [
  `transaction:${transactionId}`,
  ...(subscriptionId ? [`subscription:${subscriptionId}`] : []),
];

function lines({ items, custom_data, subscription_id }: Transaction): readonly SaleLine[] {
  // A page may pass any customData to Paddle.js. Of several lines it does not say which it means.
  const hint = items.length === 1 ? namedIn(custom_data) : null;
  return items.map(({ price, quantity }) => {
    // Only the vendor writes a price's own data.
    const named = namedIn(price.custom_data);
    return {
      productId: named?.productId ?? null,
      variant: named?.variant ?? null,
      sold: [price.id, price.product_id],
      hint,
      quantity,
      // Null is a price that does not recur, and may stand beside one that does.
      ...(subscription_id && price.billing_cycle === null ? { once: true } : {}),
    };
  });
}

// What a transaction was made for; other origins than these are sold nothing by.
const SALES = ["web", "api"];
const RENEWAL = "subscription_recurring";
/** From monthly to yearly it starts a period and pays for it; else its period is the present one. */
const CHANGE = "subscription_update";
const NO_SALES = new Map([
  ["subscription_charge", "An extra charge to a subscription pays for no further period."],
  ["subscription_payment_method_change", "The buyer changed how to pay."],
]);

const transactionCompleted = reading(transaction, ({ data }) => {
  const reason = NO_SALES.get(data.origin);
  if (reason !== undefined) {
    return ignored(reason);
  }
  const goesOn = data.origin === RENEWAL || data.origin === CHANGE;
  if (!goesOn && !SALES.includes(data.origin)) {
    return unusable(
      `data.origin is ${data.origin}, which Latchkey does not know. Issue the license by hand if it is a sale.`,
    );
  }
  const paidUntil = data.billing_period?.ends_at ?? null;
  if (data.origin === CHANGE && paidUntil === null) {
    return ignored("The payment for a changed plan says of no period that it is paid.");
  }
  return event({
    kind: goesOn ? "renewed" : "completed",
    references: references(data.id, data.subscription_id),
    claims: [`transaction:${data.id}`],
    // The buyer may have chosen it, and only the key goes there.
    email: customEmail.parse(data.custom_data).email,
    buyer: data.customer_id ?? null,
    lines: lines(data),
    subscription: Boolean(data.subscription_id),
    paidUntil,
    purchaseId: data.subscription_id ?? data.id,
  });
});

const adjusted = reading(adjustment, ({ data }) => {
  const { action, type, status, transaction_id: transactionId } = data;
  const about = {
    references: references(transactionId, data.subscription_id),
    subscription: Boolean(data.subscription_id),
    purchaseId: transactionId,
  };
  // A chargeback and its reversal are two adjustments of one transaction.
  const dispute = { ...about, disputeId: transactionId };
  switch (action) {
    case "refund":
      if (status !== "approved") {
        return ignored(`The refund is ${status}; only an approved one takes effect.`);
      }
      return type === "full"
        ? event({ kind: "refunded", ...about })
        : ignored("A part of the transaction was refunded.");
    case "chargeback":
      if (status === "reversed") {
        return event({ kind: "dispute_won", ...dispute });
      }
      return status === "approved"
        ? event({ kind: "disputed", ...dispute })
        : ignored(`The chargeback is ${status}; only an approved one takes effect.`);
    case "chargeback_reverse":
      return status === "approved"
        ? event({ kind: "dispute_won", ...dispute })
        : ignored(`The reversal is ${status}; only an approved one takes effect.`);
    case "chargeback_warning":
      return ignored("A warning holds no money back.");
    default:
      return ignored(`${action} is not an adjustment Latchkey acts on.`);
  }
});

// One that is invoiced exists before it is paid, so it is no sale; transaction.completed is.
const subscriptionCreated = reading(subscription, ({ data }) =>
  data.transaction_id
    ? { state: "link", references: references(data.transaction_id, data.id) }
    : ignored("The subscription names no transaction; transaction.completed announces the sale."),
);

const cancelled = (id: string, paidUntil: number | null) =>
  event({ kind: "cancelled", references: [`subscription:${id}`], subscription: true, paidUntil });

const subscriptionUpdated = reading(subscription, ({ data }) => {
  if (data.scheduled_change?.action === "cancel") {
    return cancelled(data.id, data.scheduled_change.effective_at);
  }
  if (data.status === "canceled") return cancelled(data.id, null);
  return data.status === "active" && data.scheduled_change === null
    ? event({ kind: "resumed", references: [`subscription:${data.id}`], subscription: true })
    : ignored("transaction.completed announces what is paid for.");
});

const subscriptionCanceled = reading(subscription, ({ data }) => cancelled(data.id, null));

const contact = reading(customer, ({ data: { id, email } }) => ({
  state: "contact",
  buyer: id,
  email,
}));

const unpaid = ignoring("The license keeps its end; transaction.completed announces a payment.");

const readers = new Map<string, Reader>([
  ["transaction.completed", transactionCompleted],
  ["adjustment.created", adjusted],
  ["adjustment.updated", adjusted],
  ["subscription.created", subscriptionCreated],
  ["subscription.updated", subscriptionUpdated],
  ["subscription.canceled", subscriptionCanceled],
  ["subscription.activated", unpaid],
  ["subscription.past_due", unpaid],
  ["subscription.paused", unpaid],
  ["subscription.resumed", unpaid],
  ["subscription.trialing", unpaid],
  ["subscription.imported", ignoring("No sale took place here; create its license by hand.")],
  ["customer.created", contact],
  ["customer.updated", contact],
  ["customer.imported", contact],
]);
