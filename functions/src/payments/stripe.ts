import * as z from "zod";
import type { Message, Translated } from "../core/payments.ts";
import { name, parsedJson } from "./fields.ts";
import type { PaymentSource } from "./payment-source.ts";
import { readInvoice } from "./stripe-invoices.ts";
import { proveStripe } from "./stripe-signature.ts";
import {
  line,
  metadata,
  optionalId,
  optionalText,
  productOf,
  readTerms,
  references,
  termsOf,
} from "./stripe-terms.ts";
import { event, ignored, notActedUpon, unusable } from "./translated.ts";

const sessionShape = z.looseObject({
  id: name,
  mode: z.enum(["payment", "subscription", "setup"]),
  payment_status: z.enum(["paid", "unpaid", "no_payment_required"]),
  payment_intent: optionalId,
  subscription: optionalId,
  invoice: optionalId,
  payment_link: optionalId,
  customer_details: z.looseObject({ email: optionalText }).nullish(),
  customer_email: optionalText,
  metadata,
});

/** `client_reference_id` says nothing here: the buyer can change it in a payment link. */
function readSession(object: unknown): Translated {
  const session = sessionShape.parse(object);
  if (session.mode === "setup")
    return ignored("The checkout stored a payment method and sold nothing.");
  if (session.payment_status === "unpaid")
    return ignored(
      "Not paid yet: checkout.session.async_payment_succeeded makes the license once it is.",
    );

  const { payment_link, payment_intent, subscription, invoice } = session;
  const given = readTerms(session.metadata);
  const product = productOf(given);
  // A subscription's invoice says what was sold, how many and until when.
  const recurring = session.mode === "subscription";
  if (!recurring && !product && !payment_link)
    return unusable(
      "The checkout session does not say what was sold. Set the metadata `productId` on the session, or sell through a payment link that a product lists.",
    );
  const lines = [line(given, payment_link ? [payment_link] : [], 1)];
  return event({
    kind: "completed",
    references: references({
      checkout_session: session.id,
      payment_intent,
      subscription,
      invoice,
    }),
    email: given.email ?? session.customer_details?.email ?? session.customer_email ?? null,
    lines: recurring && !product ? [] : lines,
    subscription: recurring,
    ...termsOf(given),
    purchaseId: subscription ?? payment_intent ?? session.id,
  });
}

const invoicePaymentShape = z.looseObject({
  invoice: name,
  payment: z.looseObject({ payment_intent: optionalId, charge: optionalId }),
});

/** Nothing else tells which subscription a refund or dispute is about. */
function readInvoicePayment(object: unknown): Translated {
  const { invoice, payment } = invoicePaymentShape.parse(object);
  const { payment_intent, charge } = payment;
  if (!payment_intent && !charge)
    return ignored("The invoice was paid outside Stripe, where no refund or dispute comes from.");
  return { state: "link", references: references({ invoice, payment_intent, charge }) };
}

const chargeShape = z.looseObject({
  id: name,
  payment_intent: optionalId,
  invoice: optionalId,
  refunded: z.boolean(),
});

function readRefund(object: unknown): Translated {
  const { id: charge, payment_intent, invoice, refunded } = chargeShape.parse(object);
  if (!refunded) return ignored("Only a part was refunded: the license stays as it is.");
  return event({
    kind: "refunded",
    references: references({ payment_intent, charge, invoice }),
    purchaseId: payment_intent ?? charge,
  });
}

const disputeShape = z.looseObject({
  id: name,
  charge: optionalId,
  payment_intent: optionalId,
  status: z.string().max(100),
});
type Dispute = z.output<typeof disputeShape>;

const INQUIRY = "A bank's inquiry takes no money: the license stays as it is.";

function readDispute(object: unknown): Translated {
  const dispute = disputeShape.parse(object);
  if (dispute.status.startsWith("warning_")) return ignored(INQUIRY);
  return disputeEvent("disputed", dispute);
}

function readDisputeClosed(object: unknown): Translated {
  const dispute = disputeShape.parse(object);
  if (dispute.status.startsWith("warning_")) return ignored(INQUIRY);
  if (dispute.status === "won") return disputeEvent("dispute_won", dispute);
  return ignored("The dispute was not won: the license stays as the dispute left it.");
}

function disputeEvent(
  kind: "disputed" | "dispute_won",
  { id: disputeId, charge, payment_intent }: Dispute,
): Translated {
  if (!charge && !payment_intent)
    return unusable("The dispute names neither `charge` nor `payment_intent`.");
  return event({
    kind,
    references: references({ payment_intent, charge }),
    disputeId,
    purchaseId: payment_intent ?? charge,
  });
}

const subscriptionShape = z.looseObject({
  id: name,
  cancel_at_period_end: z.boolean().nullish(),
  cancel_at: z.number().nullish(),
});

const subscriptionBefore = subscriptionShape.partial().catch({});

const ends = ({ cancel_at_period_end, cancel_at }: z.output<typeof subscriptionBefore>): boolean =>
  cancel_at_period_end === true || typeof cancel_at === "number";

/** Stripe moves a subscription's period on before it is paid, so this never extends anything. */
function readSubscriptionUpdated(object: unknown, previous: unknown): Translated {
  const now = subscriptionShape.parse(object);
  if (ends(now)) return cancelled(now.id);
  if (ends(subscriptionBefore.parse(previous))) return resumed(now.id);
  return ignored("The subscription goes on; invoice.paid says until when it is paid.");
}

const readSubscriptionDeleted = (object: unknown): Translated =>
  cancelled(subscriptionShape.parse(object).id);

const goesOn = (kind: "cancelled" | "resumed") => (subscription: string) =>
  event({
    kind,
    references: references({ subscription }),
    subscription: true,
    purchaseId: subscription,
  });
const cancelled = goesOn("cancelled");
const resumed = goesOn("resumed");

const readers: Readonly<Record<string, (object: unknown, previous: unknown) => Translated>> = {
  "checkout.session.completed": readSession,
  "checkout.session.async_payment_succeeded": readSession,
  "checkout.session.async_payment_failed": () =>
    ignored("The payment failed, and no license was made for it."),
  "invoice.paid": readInvoice,
  "invoice_payment.paid": readInvoicePayment,
  "charge.refunded": readRefund,
  "charge.dispute.created": readDispute,
  // An inquiry that becomes a chargeback takes the money without being created again.
  "charge.dispute.funds_withdrawn": readDispute,
  "charge.dispute.closed": readDisputeClosed,
  "customer.subscription.updated": readSubscriptionUpdated,
  "customer.subscription.deleted": readSubscriptionDeleted,
};

const envelope = z.looseObject({
  id: name,
  type: z.string().min(1).max(200),
  data: z.looseObject({ object: z.unknown(), previous_attributes: z.unknown().optional() }),
});
const thinEvent = z.looseObject({ id: name, type: name, object: z.literal("v2.core.event") });

function read(raw: Buffer): Message {
  const payload = parsedJson(raw);
  const thin = thinEvent.safeParse(payload);
  if (thin.success)
    return {
      eventId: thin.data.id,
      type: thin.data.type,
      says: unusable(
        "A thin event does not say what happened. Let the webhook endpoint send snapshot events.",
      ),
    };
  const { success, data } = envelope.safeParse(payload);
  if (!success)
    return { eventId: null, type: "unknown", says: unusable("This is not an event of Stripe's.") };
  return { eventId: data.id, type: data.type, says: translate(data.type, data.data) };
}

function translate(type: string, data: z.output<typeof envelope>["data"]): Translated {
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!reader) return notActedUpon(type);
  try {
    return reader(data.object, data.previous_attributes);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const { path, message } = error.issues[0] ?? { path: [], message: "" };
    const field = path.map(String);
    if (field[0] === "metadata")
      return unusable(
        `\`${field.join(".")}\`: ${message}. Correct it in Stripe, and make this license by hand.`,
      );
    return unusable(
      `\`${["data", "object", ...field].join(".")}\` is not as Stripe documents it (${message}). Make this license by hand, and report the shape of the event.`,
    );
  }
}

export const stripe: PaymentSource = { prove: proveStripe, read };
