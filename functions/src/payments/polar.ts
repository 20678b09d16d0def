import * as z from "zod";
import type { Message, SaleLine } from "../core/payments.ts";
import { address, id, instant, name, namedIn, parsedJson } from "./fields.ts";
import type { PaymentSource } from "./payment-source.ts";
import { standardProof } from "./standard-signature.ts";
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

/** Webhooks of Polar (polar.sh), in its raw format. */
export const polar: PaymentSource = {
  prove: ({ headers, raw }, { secret }, now) =>
    standardProof({ headers, raw, keys: keysOf(secret), now }),
  read(raw): Message {
    const payload = parsedJson(raw);
    const parsed = envelope.safeParse(payload);
    if (!parsed.success) return { eventId: null, type: "unknown", says: unfit(parsed.error) };
    const { type, timestamp, data } = parsed.data;
    // What Polar numbers is the delivery's event, in a header; a repeat has the same time.
    const eventId = timestamp ? `${type}:${data.id}:${timestamp}` : null;
    return { eventId, type, says: readers.get(type)?.(payload) ?? notActedUpon(type) };
  },
};

const PREFIX = "whsec_";

/**
 * What Polar may have signed with. Secrets made before 8 September 2026 sign as they are, prefix and all;
 * newer ones as Standard Webhooks has it, the bytes that the Base64 behind the prefix stands for.
 */
function keysOf(secret: string): readonly Buffer[] {
  if (secret === "") return [];
  const whole = Buffer.from(secret, "utf8");
  const inner = secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), "base64")
    : Buffer.alloc(0);
  return inner.length >= 24 ? [whole, inner] : [whole];
}

const envelope = z.looseObject({
  type: name,
  timestamp: name.nullish(),
  data: z.looseObject({ id: name }),
});

const about = <Shape extends z.ZodRawShape>(data: Shape) =>
  z.looseObject({ data: z.looseObject(data) });

const metadata = z.record(z.string(), z.unknown()).nullish();

const period = {
  id: name,
  metadata,
  current_period_end: instant.nullish(),
  ended_at: instant.nullish(),
};
const customer = z.looseObject({ email: address, external_id: id.nullish() });
const bought = {
  created_at: instant.nullish().catch(null),
  product_id: name,
  product: z.looseObject({ metadata }).nullish(),
  seats: z.int().positive().nullish(),
  customer,
  metadata,
};

const order = about({
  id: name,
  ...bought,
  billing_reason: name,
  subscription_id: name.nullish(),
  subscription: z.looseObject(period).nullish(),
  items: z.array(z.looseObject({ product_price_id: name.nullish() })).nullish(),
});
type Order = z.output<typeof order>["data"];

const subscription = about({ ...period, ...bought, status: name });
type Subscribed = z.output<typeof subscription>["data"];

const ends = about({ id: name, ended_at: instant.nullish() });

/** A checkout's metadata is the seller's, but its buyer may change to another product there. */
function sold(data: Order | Subscribed, prices: readonly string[]): readonly SaleLine[] {
  const named = namedIn(data.product?.metadata);
  return [
    {
      productId: named?.productId ?? null,
      variant: named?.variant ?? null,
      sold: [...prices, data.product_id],
      hint: namedIn(data.metadata),
      quantity: data.seats ?? 1,
    },
  ];
}

const naming = z.object({ userId: id.nullish().catch(null), planId: id.nullish().catch(null) });

/** Who subscribes at the dashboard: Polar knows the user by the id that the seller gave it. */
function subscriberOf({ customer, metadata, product, ...data }: Order | Subscribed) {
  const { userId, planId } = naming.parse({ ...metadata });
  const own = naming.parse({ ...product?.metadata });
  return {
    userId: userId ?? customer.external_id ?? null,
    planId: own.planId ?? planId ?? null,
    boughtAt: data.created_at ?? null,
  };
}

const bySubscription = (subscriptionId: string) => `subscription:${subscriptionId}`;

const SALES = ["purchase", "subscription_create"];
const RENEWAL = "subscription_cycle";
/**
 * From monthly to yearly, or from a free product to one that is paid for, it starts a period and pays
 * for it; else the subscription's period is the present one.
 */
const CHANGE = "subscription_update";

const orderPaid = reading(order, ({ data }) => {
  const { billing_reason: reason, subscription_id: subscriptionId } = data;
  const goesOn = reason === RENEWAL || reason === CHANGE;
  if (!goesOn && !SALES.includes(reason)) {
    return unusable(
      `data.billing_reason is ${reason}, which Latchkey does not know. Issue the license by hand if it is a sale.`,
    );
  }
  const { ended_at: endedAt, current_period_end: periodEnd } = data.subscription ?? {};
  // The last order of one that ended pays for what was used, and for nothing to come.
  const paidUntil = endedAt ?? periodEnd ?? null;
  if (reason === CHANGE && paidUntil === null) {
    return ignored("The payment for a changed subscription says of no period that it is paid.");
  }
  const prices = (data.items ?? []).flatMap(({ product_price_id: price }) => price ?? []);
  const given = data.metadata ?? {};
  const whole = { ...data, metadata: { ...data.subscription?.metadata, ...given } };
  return event({
    kind: goesOn ? "renewed" : "completed",
    references: [`order:${data.id}`, ...(subscriptionId ? [bySubscription(subscriptionId)] : [])],
    claims: [`order:${data.id}`],
    email: data.customer.email,
    lines: sold(whole, [...new Set(prices)]),
    subscription: Boolean(subscriptionId),
    paidUntil,
    subscriber: subscriberOf(whole),
    purchaseId: subscriptionId ?? data.id,
  });
});

/** A trial is no order. */
const subscriptionCreated = reading(subscription, ({ data }) =>
  data.status === "trialing"
    ? event({
        kind: "completed",
        references: [bySubscription(data.id)],
        email: data.customer.email,
        lines: sold(data, []),
        subscription: true,
        paidUntil: data.current_period_end ?? null,
        subscriber: subscriberOf(data),
        purchaseId: data.id,
      })
    : ignored("The order says what was sold, once it is paid."),
);

const subscriptionEnds = reading(ends, ({ data }) =>
  event({
    kind: "cancelled",
    references: [bySubscription(data.id)],
    subscription: true,
    endedAt: data.ended_at ?? null,
  }),
);

const subscriptionResumed = reading(ends, ({ data }) =>
  event({ kind: "resumed", references: [bySubscription(data.id)], subscription: true }),
);

const refund = about({ id: name, status: name, subscription_id: name.nullish() });

const orderRefunded = reading(refund, ({ data }) => {
  if (data.status === "partially_refunded") {
    return ignored("A partial refund revokes nothing. Revoke the license by hand if it should.");
  }
  if (data.status !== "refunded") {
    return unusable(`data.status is ${data.status}; a refunded order was expected.`);
  }
  return event({
    kind: "refunded",
    references: [
      `order:${data.id}`,
      ...(data.subscription_id ? [bySubscription(data.subscription_id)] : []),
    ],
    purchaseId: data.subscription_id ?? data.id,
  });
});

const readers = new Map<string, Reader>([
  ["order.paid", orderPaid],
  ["order.refunded", orderRefunded],
  ["subscription.created", subscriptionCreated],
  ["subscription.canceled", subscriptionEnds],
  ["subscription.revoked", subscriptionEnds],
  ["subscription.uncanceled", subscriptionResumed],
  ["order.created", ignoring("An order counts once it is paid.")],
  ["subscription.past_due", ignoring("The license runs to its end and through its grace.")],
]);
