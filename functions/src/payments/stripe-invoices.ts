import * as z from "zod";
import type { SaleLine, Translated } from "../core/payments.ts";
import { name } from "./fields.ts";
import {
  line,
  metadata,
  optionalId,
  optionalText,
  productOf,
  readTerms,
  references,
  seconds,
  type Terms,
  termsOf,
} from "./stripe-terms.ts";
import { event, ignored, unusable } from "./translated.ts";

/** Since API version 2025-03-31 an invoice's `parent` has what stood beside it before; likewise a line's. */
const lineShape = z.looseObject({
  period: z.looseObject({ end: seconds }),
  quantity: z.int().nullish(),
  parent: z
    .looseObject({
      type: optionalText,
      subscription_item_details: z.looseObject({ proration: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
  pricing: z
    .looseObject({
      price_details: z.looseObject({ price: optionalId, product: optionalId }).nullish(),
    })
    .nullish(),
  type: optionalText,
  proration: z.boolean().nullish(),
  price: z.looseObject({ id: name, product: optionalId }).nullish(),
  plan: z.looseObject({ id: name, product: optionalId }).nullish(),
});
const invoiceShape = z.looseObject({
  id: name,
  billing_reason: optionalText,
  customer_email: optionalText,
  parent: z
    .looseObject({
      subscription_details: z.looseObject({ subscription: optionalId, metadata }).nullish(),
    })
    .nullish(),
  subscription: optionalId,
  subscription_details: z.looseObject({ metadata }).nullish(),
  payment_intent: optionalId,
  charge: optionalId,
  metadata,
  lines: z.looseObject({ data: z.array(lineShape) }),
});
type Invoice = z.output<typeof invoiceShape>;
type InvoiceLine = z.output<typeof lineShape>;

const isSubscriptionItem = ({ parent, type }: InvoiceLine) =>
  parent?.type === "subscription_item_details" || type === "subscription";
const isProration = ({ parent, proration }: InvoiceLine) =>
  parent?.subscription_item_details?.proration ?? proration ?? false;

export function readInvoice(object: unknown): Translated {
  const invoice = invoiceShape.parse(object);
  const items = invoice.lines.data.filter(isSubscriptionItem);
  // The credit for a plan that was left has that plan's end.
  const periods = items.filter((item) => !isProration(item));
  switch (invoice.billing_reason) {
    case "subscription_create":
      return paidInvoice("completed", invoice, items);
    case "subscription_cycle":
      if (periods.length > 0) return paidInvoice("renewed", invoice, periods);
      return ignored("The invoice pays for changes and for no further period.");
    case "subscription_update":
      // To change from monthly to yearly starts a new period, and pays for it here.
      if (periods.length > 0) return paidInvoice("renewed", invoice, periods);
      return ignored("A change within the paid period does not change when it ends.");
    default:
      return ignored("Only a subscription's first, renewing and changing invoices count.");
  }
}

function paidInvoice(
  kind: "completed" | "renewed",
  invoice: Invoice,
  items: readonly InvoiceLine[],
): Translated {
  const details = invoice.parent?.subscription_details;
  const subscription = details?.subscription ?? invoice.subscription;
  if (!subscription) return unusable("The invoice is a subscription's and does not say which.");
  // The subscription's own terms are the nearer ones.
  const nearer = (details ?? invoice.subscription_details)?.metadata;
  const given = readTerms(invoice.metadata, nearer ?? {});
  const { id, payment_intent, charge, customer_email } = invoice;
  return event({
    kind,
    references: references({ subscription, invoice: id, payment_intent, charge }),
    claims: [`invoice:${id}`],
    email: given.email ?? customer_email ?? null,
    lines: invoiceLines(given, items),
    subscription: true,
    paidUntil: items.length > 0 ? Math.max(...items.map(({ period }) => period.end)) : null,
    ...termsOf(given),
    purchaseId: subscription,
  });
}

/** A product that the seller names is the whole purchase; else each price that was sold is a line. */
function invoiceLines(given: Terms, items: readonly InvoiceLine[]): SaleLine[] {
  const lines = items.flatMap((item) => {
    const quantity = item.quantity ?? 1;
    const sold = soldBy(item);
    return quantity > 0 && sold.length > 0 ? [line(given, sold, quantity)] : [];
  });
  if (!productOf(given)) return lines;
  const [only] = lines;
  return [lines.length === 1 && only ? only : line(given, [], 1)];
}

function soldBy({ pricing, price, plan }: InvoiceLine): string[] {
  const details = pricing?.price_details;
  const older = price ?? plan;
  return [details?.price ?? older?.id, details?.product ?? older?.product].filter(
    (value) => typeof value === "string",
  );
}
