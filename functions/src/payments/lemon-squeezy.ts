import * as z from "zod";
import type { Message, PaymentEvent, SaleLine } from "../core/payments.ts";
import { text } from "../fields/input.ts";
import { address, id, instant, name, namedIn, parsedJson } from "./fields.ts";
import type { PaymentSource } from "./payment-source.ts";
import { signedByOneOf } from "./proofs.ts";
import {
  event,
  ignored,
  ignoring,
  notActedUpon,
  type Reader,
  reading,
  unfit,
} from "./translated.ts";

/**
 * Webhooks of Lemon Squeezy. Their signature covers no time, so that an old one stays right.
 *
 * A renewal is announced twice: by the invoice, which knows neither the period nor its end, and by the
 * subscription, which knows the end. Either alone is enough, in either order: the subscription says
 * `paidUntil`, the invoice `paidFrom`, and the later of the two ends holds.
 */
export const lemonSqueezy: PaymentSource = {
  prove({ raw, headers }, { secret }) {
    const signature = headers["x-signature"];
    if (!signature) return "unsigned";
    return signedByOneOf([signature].flat(), secret, raw) ? "good" : "forged";
  },
  read(raw): Message {
    const payload = parsedJson(raw);
    const parsed = envelope.safeParse(payload);
    if (!parsed.success) {
      return { eventId: null, type: "unknown", says: unfit(parsed.error) };
    }
    const { meta, data } = parsed.data;
    const type = meta.event_name;
    return {
      eventId: [type, data.id, ...Object.values(data.attributes)]
        .map((said) => said ?? "-")
        .join(":"),
      type,
      says: readers.get(type)?.(payload) ?? notActedUpon(type),
    };
  },
};

// Fields come as text, number or boolean by event and age of the store.
const flag = z.union([z.boolean(), z.int()]).transform(Boolean);
const said = z
  .union([z.string().max(40), z.number(), z.boolean()])
  .nullish()
  .catch(null);

// Deliveries have no id. An event's repeat, also one that the vendor sends again by hand, agrees in all
// that we act upon; links with fresh signatures may differ.
const envelope = z.looseObject({
  meta: z.looseObject({ event_name: name }),
  data: z.looseObject({
    id,
    attributes: z.object({
      updated_at: said,
      status: said,
      refunded: said,
      refunded_amount: said,
      renews_at: said,
      ends_at: said,
      trial_ends_at: said,
    }),
  }),
});

const meta = z.looseObject({ custom_data: z.unknown().optional() });

const about = <Shape extends z.ZodRawShape>(attributes: Shape) =>
  z.looseObject({ meta, data: z.looseObject({ id, attributes: z.looseObject(attributes) }) });

const order = about({
  user_email: address,
  status: name,
  first_order_item: z.looseObject({
    product_id: id,
    variant_id: id,
    quantity: z.int().positive().default(1),
  }),
});

const refund = {
  status: name,
  refunded: flag.nullish(),
  refunded_amount: z.number().nullish(),
  total: z.number().nullish(),
};
const orderRefund = about(refund);
const invoiceRefund = about({ ...refund, subscription_id: id });

const subscription = about({
  order_id: id,
  product_id: id,
  variant_id: id,
  user_email: address,
  status: name,
  renews_at: instant.nullish(),
  ends_at: instant.nullish(),
  trial_ends_at: instant.nullish(),
  // A price by usage may count 0.
  first_subscription_item: z.looseObject({ quantity: z.int().positive().catch(1) }).nullish(),
});
type Subscription = z.output<typeof subscription>;

const invoice = about({ subscription_id: id, billing_reason: name, created_at: instant });

const licenseKey = about({
  key: text(128),
  order_id: id,
  activation_limit: z.int().positive().nullish(),
  user_email: address,
});

const line = (custom: unknown, sold: readonly string[], quantity = 1): SaleLine => ({
  productId: null,
  variant: null,
  sold,
  // Anybody may write `?checkout[custom][productId]=` into a checkout link.
  hint: namedIn(custom),
  quantity,
});

const orderCreated = reading(order, ({ meta, data: { id, attributes } }) => {
  if (attributes.status !== "paid" && attributes.status !== "partial_refund") {
    return ignored(`The order is ${attributes.status} and not paid.`);
  }
  const { variant_id, product_id, quantity } = attributes.first_order_item;
  return event({
    kind: "completed",
    references: [`order:${id}`],
    email: attributes.user_email,
    lines: [line(meta.custom_data, [variant_id, product_id], quantity)],
    purchaseId: id,
  });
});

/** A refund event tells of partial refunds too; older ones name no amount. */
const inFull = ({
  status,
  refunded,
  refunded_amount,
  total,
}: z.output<z.ZodObject<typeof refund>>) =>
  refunded_amount == null || total == null
    ? status === "refunded"
    : refunded === true && refunded_amount >= total;

const orderRefunded = reading(orderRefund, ({ data: { id, attributes } }) =>
  inFull(attributes)
    ? event({ kind: "refunded", references: [`order:${id}`], purchaseId: id })
    : ignored("A part of the order was refunded."),
);

const paymentRefunded = reading(invoiceRefund, ({ data: { attributes } }) =>
  inFull(attributes)
    ? event({
        kind: "refunded",
        references: [`subscription:${attributes.subscription_id}`],
        subscription: true,
      })
    : ignored("A part of the payment was refunded."),
);

const ofSubscription = (
  kind: PaymentEvent["kind"],
  { meta, data: { id, attributes } }: Subscription,
  paidUntil: number | null | undefined,
) =>
  event({
    kind,
    references: [`subscription:${id}`, `order:${attributes.order_id}`],
    email: attributes.user_email,
    lines: [
      line(
        meta.custom_data,
        [attributes.variant_id, attributes.product_id],
        attributes.first_subscription_item?.quantity,
      ),
    ],
    subscription: true,
    paidUntil: paidUntil ?? null,
    purchaseId: attributes.order_id,
  });

const subscriptionCreated = reading(subscription, (created) => {
  const { status, trial_ends_at, ends_at, renews_at } = created.data.attributes;
  const trialEnd = status === "on_trial" ? trial_ends_at : null;
  return ofSubscription("completed", created, trialEnd ?? ends_at ?? renews_at);
});

const subscriptionEnds = reading(subscription, (ending) =>
  ofSubscription("cancelled", ending, ending.data.attributes.ends_at),
);

const subscriptionResumed = reading(subscription, (going) =>
  ofSubscription("resumed", going, null),
);

// Sent beside nearly every other event of a subscription, so it tells of ends as well.
const subscriptionUpdated = reading(subscription, (updated) => {
  const { status, renews_at, ends_at } = updated.data.attributes;
  if (status === "cancelled" || status === "expired") {
    return ofSubscription("cancelled", updated, ends_at);
  }
  return status === "active" && renews_at
    ? ofSubscription("renewed", updated, renews_at)
    : ignored(`The subscription is ${status}: nothing more is paid for.`);
});

const paymentSuccess = reading(invoice, ({ data: { id, attributes } }) => {
  if (attributes.billing_reason !== "renewal") {
    return ignored(
      attributes.billing_reason === "initial"
        ? "The first payment is the sale, which order_created and subscription_created announce."
        : "A payment for a changed plan pays for no further period.",
    );
  }
  return event({
    kind: "renewed",
    references: [`subscription:${attributes.subscription_id}`],
    claims: [`invoice:${id}`],
    subscription: true,
    paidFrom: attributes.created_at,
  });
});

// It names neither variant nor quantity, so the order says what was sold.
const licenseKeyCreated = reading(licenseKey, ({ data: { attributes } }) =>
  event({
    kind: "completed",
    references: [`order:${attributes.order_id}`],
    email: attributes.user_email,
    maxMachines: attributes.activation_limit ?? -1,
    licenseKey: attributes.key,
    purchaseId: attributes.order_id,
  }),
);

const paused = ignoring("A pause or its end changes nothing that is paid for already.");

const readers = new Map<string, Reader>([
  ["order_created", orderCreated],
  ["order_refunded", orderRefunded],
  ["subscription_created", subscriptionCreated],
  ["subscription_updated", subscriptionUpdated],
  ["subscription_cancelled", subscriptionEnds],
  ["subscription_expired", subscriptionEnds],
  ["subscription_resumed", subscriptionResumed],
  ["subscription_paused", paused],
  ["subscription_unpaused", paused],
  ["subscription_payment_success", paymentSuccess],
  [
    "subscription_payment_failed",
    ignoring("Lemon Squeezy tries again; the license keeps its end."),
  ],
  ["subscription_payment_recovered", ignoring("subscription_payment_success announces it too.")],
  ["subscription_payment_refunded", paymentRefunded],
  ["license_key_created", licenseKeyCreated],
  ["license_key_updated", ignoring("Change the license in Latchkey, which is what apps ask.")],
]);
