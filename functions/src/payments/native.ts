import * as z from "zod";
import type { Message, PaymentEvent, Translated } from "../core/payments.ts";
import { email, licenseType, slots, text } from "../fields/input.ts";
import { type Fields, id, optional, parsedJson, problemOf, whole } from "./fields.ts";
import type { PaymentSource } from "./payment-source.ts";
import { proofOf } from "./proofs.ts";
import { event, ignored, unusable } from "./translated.ts";

/** The webhook of section 14 of the contract; what the seller's own shop sends. */
export const native: PaymentSource = {
  prove({ headers, raw }, { secret }) {
    const header = headers["x-webhook-secret"];
    return proofOf(header === undefined ? parse(raw)?.["webhookSecret"] : header, secret);
  },
  read(raw) {
    const fields = parse(raw);
    if (!fields) return message("unreadable", unusable("The body is not a JSON object."));
    const type = text(64).safeParse(fields["type"]);
    if (!type.success) return message("unreadable", unusable("type: is required, as text."));
    const own = optional(id).safeParse(fields["eventId"] || fields["id"]).data;
    const kind = KINDS.get(type.data);
    return {
      // One id for every event of a purchase is a sender's likely mistake.
      eventId: own === undefined ? null : `${type.data}:${own}`,
      type: type.data,
      says: kind ? eventOf(kind, fields) : ignored("This type is not an event Latchkey acts on."),
    };
  },
};

const KINDS = new Map<string, PaymentEvent["kind"]>([
  ["purchase.completed", "completed"],
  ["purchase.refunded", "refunded"],
  ["purchase.disputed", "disputed"],
  ["purchase.dispute_won", "dispute_won"],
  ["subscription.renewed", "renewed"],
  ["subscription.cancelled", "cancelled"],
]);

/** Kinds that speak of one purchase, and of no other of the buyer's. */
const OF_ONE_PURCHASE: readonly PaymentEvent["kind"][] = ["refunded", "disputed", "dispute_won"];
const MOST_DAYS = 36_500;

const announcement = z.object({
  email,
  productId: text(128),
  variant: optional(text(128)),
  purchaseId: optional(id),
  licenseType: optional(licenseType),
  maxMachines: optional(whole(-1, 1_000_000).pipe(slots)),
  discountCode: optional(text(128)),
  trialDays: optional(whole(0, MOST_DAYS)),
  durationDays: optional(whole(0, MOST_DAYS)),
  renewalId: optional(id),
  invoiceId: optional(id),
  // Nothing depends on these two.
  amount: optional(z.union([z.number(), text(64)], "must be a number")),
  currency: optional(text(16)),
});

function eventOf(kind: PaymentEvent["kind"], fields: Fields) {
  const parsed = announcement.safeParse(fields);
  if (!parsed.success) return unusable(problemOf(parsed.error, fields));
  const sent = parsed.data;
  if (sent.purchaseId === undefined && OF_ONE_PURCHASE.includes(kind)) {
    return unusable("purchaseId: is required here, as it says which purchase is meant.");
  }
  const named = (what: string, value: string | undefined) =>
    value === undefined ? [] : [`${what}:${value}`];
  // No days are no term.
  const durationDays = sent.durationDays || null;
  return event({
    kind,
    references: named("purchase", sent.purchaseId),
    claims:
      kind === "completed" || kind === "renewed"
        ? [...named("renewal", sent.renewalId), ...named("invoice", sent.invoiceId)]
        : [],
    email: sent.email,
    lines: [
      {
        productId: sent.productId,
        variant: sent.variant ?? null,
        sold: [],
        hint: null,
        quantity: 1,
      },
    ],
    subscription: durationDays !== null || kind === "renewed" || kind === "cancelled",
    licenseType: sent.licenseType ?? null,
    maxMachines: sent.maxMachines ?? null,
    durationDays,
    trialDays: sent.trialDays || null,
    discountCode: sent.discountCode ?? null,
    purchaseId: sent.purchaseId ?? null,
  });
}

const parse = (raw: Buffer): Fields | undefined =>
  z.record(z.string(), z.unknown()).safeParse(parsedJson(raw)).data;

const message = (type: string, says: Translated): Message => ({ eventId: null, type, says });
