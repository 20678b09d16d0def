import * as z from "zod";
import { monthsAfter } from "../core/months.ts";
import type { PaymentEvent, SaleLine, Translated } from "../core/payments.ts";
import { email, text } from "../fields/input.ts";
import { type Fields, id, instant, optional, problemOf, whole } from "./fields.ts";
import { pingFields } from "./gumroad-fields.ts";
import type { PaymentSource } from "./payment-source.ts";
import { proofOf } from "./proofs.ts";
import { event, ignored, unusable } from "./translated.ts";

/** Gumroad's pings. They are not signed, and a retry differs from the first by `retry_count`. */
export const gumroad: PaymentSource = {
  prove({ query, raw }, { secret, sellerId }) {
    const proof = proofOf(query["secret"], secret);
    // Pings about memberships name no seller.
    const seller = sellerId === "" ? "" : pingFields(raw)?.["seller_id"];
    return proof === "good" && seller ? proofOf(seller, sellerId) : proof;
  },
  read(raw) {
    const fields = pingFields(raw);
    if (!fields)
      return { eventId: null, type: "unreadable", says: unusable("The body is not a ping.") };
    const resource = text(64).safeParse(fields["resource_name"] || "sale").data ?? "unknown";
    const reader = READERS.get(resource);
    return { type: resource, ...(reader ? reader(fields, resource) : noConsequence()) };
  },
};

type Reading = { readonly eventId: string | null; readonly says: Translated };

const READERS = new Map<string, (fields: Fields<string>, resource: string) => Reading>([
  ["sale", ofSale],
  ["refund", ofSale],
  ["dispute", ofSale],
  ["dispute_won", ofSale],
  ["cancellation", ofMembership],
  ["subscription_ended", ofMembership],
  ["subscription_updated", ofMembership],
  ["subscription_restarted", ofMembership],
]);

/** What a payment is good for; in days the longest that the period can be. */
const PERIODS = new Map([
  ["monthly", { months: 1, days: 31 }],
  ["quarterly", { months: 3, days: 92 }],
  ["biannually", { months: 6, days: 184 }],
  ["yearly", { months: 12, days: 366 }],
  ["every_two_years", { months: 24, days: 731 }],
]);

const yes = z
  .string()
  .optional()
  .transform((value) => value === "true");

const salePing = z.object({
  sale_id: id,
  email: optional(email).catch(undefined),
  product_id: optional(id),
  short_product_id: optional(id),
  permalink: optional(id),
  product_permalink: optional(text(2_048)),
  quantity: optional(whole(1, 1_000_000)),
  sale_timestamp: optional(instant).catch(undefined),
  subscription_id: optional(id),
  recurrence: optional(text(64)),
  license_key: optional(text(128)),
  "url_params[productId]": optional(text(128)).catch(undefined),
  "url_params[product_id]": optional(text(128)).catch(undefined),
  "url_params[variant]": optional(text(128)).catch(undefined),
  test: yes,
  is_recurring_charge: yes,
  is_preorder_authorization: yes,
  refunded: yes,
  disputed: yes,
  dispute_won: yes,
});
type SalePing = z.output<typeof salePing>;

/** Everything that names a sale: the sale itself, a renewal, a refund, a dispute. */
function ofSale(fields: Fields<string>, resource: string): Reading {
  const parsed = salePing.safeParse(fields);
  if (!parsed.success) return { eventId: null, says: unusable(problemOf(parsed.error, fields)) };
  const ping = parsed.data;
  const of = (what: string, says: Translated) => ({ eventId: `${what}:${ping.sale_id}`, says });
  if (ping.test) return of("test", ignored("A test of yours; it sells nothing."));
  if (ping.is_preorder_authorization) {
    return of("preorder", ignored("A preorder is not paid yet; its payment comes as a sale."));
  }
  const what = stateOf(ping, resource);
  // An id of its own: the refund of the rest must not pass for a repeat of this one.
  if (what === "partial_refund") {
    return of(what, ignored("A partial refund changes no license."));
  }
  const kind = what === "sale" && ping.is_recurring_charge ? "renewed" : KINDS[what];
  if (kind === "completed" && ping.email === undefined) {
    return of(what, unusable("email: is required, as a valid address."));
  }
  return of(what, saleEvent(kind, ping, fields));
}

const KINDS = {
  sale: "completed",
  refund: "refunded",
  dispute: "disputed",
  dispute_won: "dispute_won",
} as const;

/** What takes the money away says nothing of how long was paid for. */
const PAYS: readonly PaymentEvent["kind"][] = ["completed", "renewed", "dispute_won"];

/**
 * A ping shows the sale as it is when it is sent: one that comes late, or again, tells in its flags
 * what happened since. `disputed` stays true after the dispute is won.
 */
function stateOf(ping: SalePing, resource: string): keyof typeof KINDS | "partial_refund" {
  if (ping.refunded) return "refund";
  if (resource === "refund") return "partial_refund";
  if (resource === "dispute_won" || ping.dispute_won) return "dispute_won";
  return resource === "dispute" || ping.disputed ? "dispute" : "sale";
}

function saleEvent(kind: PaymentEvent["kind"], ping: SalePing, fields: Fields<string>): Translated {
  const { sale_id, sale_timestamp, subscription_id } = ping;
  const member = subscription_id !== undefined;
  const period = member ? PERIODS.get(ping.recurrence ?? "") : undefined;
  const end = period && sale_timestamp && monthsAfter(sale_timestamp, period.months);
  return event({
    kind,
    references: [`sale:${sale_id}`, ...(member ? [`subscription:${subscription_id}`] : [])],
    claims: kind === "completed" || kind === "renewed" ? [`sale:${sale_id}`] : [],
    email: ping.email ?? null,
    lines: [lineOf(ping, fields)],
    subscription: member,
    paidUntil: PAYS.includes(kind) ? (end ?? null) : null,
    durationDays: end === undefined ? (period?.days ?? null) : null,
    licenseKey: ping.license_key ?? null,
    disputeId: kind === "disputed" || kind === "dispute_won" ? sale_id : null,
    purchaseId: subscription_id ?? sale_id,
  });
}

function lineOf(ping: SalePing, fields: Fields<string>): SaleLine {
  const hinted = ping["url_params[productId]"] ?? ping["url_params[product_id]"];
  const lastPart = ping.product_permalink?.split(/[?#]/)[0]?.split("/").findLast(Boolean);
  const sold = [ping.product_id, ping.short_product_id, lastPart, ping.permalink];
  return {
    productId: null,
    variant: chosenOption(fields),
    sold: [...new Set(sold.filter((name) => name !== undefined))],
    // Whoever has the link can edit it.
    hint: hinted ? { productId: hinted, variant: ping["url_params[variant]"] ?? null } : null,
    quantity: ping.quantity ?? 1,
  };
}

/** The tier or version that was paid for, spelled as a variant's name; null when there is not just one. */
function chosenOption(fields: Fields<string>): string | null {
  const [option, ...more] = Object.keys(fields).filter((name) => name.startsWith("variants["));
  const name = option === undefined || more.length > 0 ? "" : (fields[option] ?? "");
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-").slice(0, 64) || null;
}

const membershipPing = z.object({
  subscription_id: id,
  user_email: optional(email).catch(undefined),
  product_id: optional(id),
  license_key: optional(text(128)),
  cancelled_at: optional(text(64)),
  ended_at: optional(text(64)),
  effective_as_of: optional(text(64)),
  restarted_at: optional(text(64)),
});

const LEFT_ALONE = new Map([
  ["subscription_updated", "A change of plan is left to you: change the license by hand."],
  ["subscription_restarted", "The next payment of a restarted membership extends its license."],
]);

/** Whoever cancels, or whose membership ends, keeps what is paid for. */
function ofMembership(fields: Fields<string>, resource: string): Reading {
  const parsed = membershipPing.safeParse(fields);
  if (!parsed.success) return { eventId: null, says: unusable(problemOf(parsed.error, fields)) };
  const ping = parsed.data;
  const at = ping.cancelled_at ?? ping.ended_at ?? ping.effective_as_of ?? ping.restarted_at ?? "";
  const eventId = `${resource}:${ping.subscription_id}:${at}`;
  const reason = LEFT_ALONE.get(resource);
  if (reason !== undefined) return { eventId, says: ignored(reason) };
  const sold = ping.product_id === undefined ? [] : [ping.product_id];
  const says = event({
    kind: "cancelled",
    references: [`subscription:${ping.subscription_id}`],
    email: ping.user_email ?? null,
    lines: [{ productId: null, variant: null, sold, hint: null, quantity: 1 }],
    subscription: true,
    licenseKey: ping.license_key ?? null,
    purchaseId: ping.subscription_id,
  });
  return { eventId, says };
}

const noConsequence = (): Reading => ({
  eventId: null,
  says: ignored("This is not a ping Latchkey acts on."),
});
