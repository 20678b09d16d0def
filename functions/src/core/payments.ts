// What payment providers announce, in one language. Instants are epoch milliseconds.

/** Payment providers, which have ids of their own for what they sell. */
export const SELLERS = ["stripe", "gumroad", "lemonSqueezy", "paddle", "polar"] as const;
/** All that announce payments; the native webhook is the seller's own shop. */
export const PROVIDERS = ["native", ...SELLERS] as const;
export type Provider = (typeof PROVIDERS)[number];

/** One thing that was sold. */
export type SaleLine = {
  /** Our product as the seller named it, where the buyer could not. */
  readonly productId: string | null;
  readonly variant: string | null;
  /** The provider's ids of what was sold, the most exact first; a product lists those that are it. */
  readonly sold: readonly string[];
  /** A product that the buyer may have named, say in a link: it counts only where no id says more. */
  readonly hint: { readonly productId: string; readonly variant: string | null } | null;
  readonly quantity: number;
  /** Paid for outright beside a subscription, whose periods are not its own. */
  readonly once?: boolean | undefined;
};

export const PAYMENT_KINDS = [
  "completed",
  "renewed",
  "cancelled",
  "resumed",
  "refunded",
  "disputed",
  "dispute_won",
] as const;

/** Those that others are told of. */
export type ToldKind = Exclude<(typeof PAYMENT_KINDS)[number], "resumed">;
export const toldKinds = (event: PaymentEvent | undefined): ToldKind[] =>
  event && event.kind !== "resumed" ? [event.kind] : [];

/** For whom at the dashboard something was bought, as far as the seller said. */
export type Subscriber = {
  readonly userId: string | null;
  readonly planId: string | null;
  /** At the provider, by its clock. */
  readonly boughtAt: number | null;
};

export type PaymentEvent = {
  /**
   * `completed`: paid for the first time. `renewed`: paid again. `cancelled`: will not be paid again.
   * `resumed`: is to be paid again after all. `refunded`: in full. `disputed`: the money is held back.
   * `dispute_won`: it came back.
   */
  readonly kind: (typeof PAYMENT_KINDS)[number];
  /** Names by which the provider's events speak of this purchase; any of them finds it. */
  readonly references: readonly string[];
  /** What may count once, whatever number of events announces it: an invoice of a renewal. */
  readonly claims: readonly string[];
  readonly email: string | null;
  /** Where the address is not in the event: the name under which `contact` events bring it. */
  readonly buyer: string | null;
  /** Empty where the event does not say what was sold. */
  readonly lines: readonly SaleLine[];
  readonly subscription: boolean;
  /** The end of what is paid for, where the provider says it. */
  readonly paidUntil: number | null;
  /**
   * The start of what is paid for, where the provider says only that: the variant's duration counts from
   * it and not from the present end, so that another event that says the end does not add to it.
   */
  readonly paidFrom: number | null;
  /** When the provider ended it, whatever was paid for. */
  readonly endedAt: number | null;
  readonly subscriber: Subscriber | null;
  /** Terms that the sender chose; null leaves them to variant and code. */
  readonly licenseType: "per-machine" | "floating" | "site" | null;
  readonly maxMachines: number | null;
  readonly durationDays: number | null;
  readonly trialDays: number | null;
  readonly discountCode: string | null;
  /** A key that the provider has given the buyer already. */
  readonly licenseKey: string | null;
  /** Tells several disputes of one purchase apart. */
  readonly disputeId: string | null;
  /** The provider's own id of the purchase, for people. */
  readonly purchaseId: string | null;
};

/** An event with nothing in it. */
export const paymentEvent = (
  event: Pick<PaymentEvent, "kind" | "references"> & Partial<PaymentEvent>,
): PaymentEvent => ({
  claims: [],
  email: null,
  buyer: null,
  lines: [],
  subscription: false,
  paidUntil: null,
  paidFrom: null,
  endedAt: null,
  subscriber: null,
  licenseType: null,
  maxMachines: null,
  durationDays: null,
  trialDays: null,
  discountCode: null,
  licenseKey: null,
  disputeId: null,
  purchaseId: null,
  ...event,
});

/** What a payload that proved its origin says. `reason` is for the vendor to read. */
export type Translated =
  | { readonly state: "event"; readonly event: PaymentEvent }
  /** These references are one purchase. */
  | { readonly state: "link"; readonly references: readonly string[] }
  /** The address of a buyer. */
  | { readonly state: "contact"; readonly buyer: string; readonly email: string }
  /** Understood, and without consequence: a partial refund, an inquiry, a test. */
  | { readonly state: "ignored"; readonly reason: string }
  /** Should have had a consequence and lacks what it takes. */
  | { readonly state: "unusable"; readonly reason: string };

export type Message = {
  /** The provider's id of the event: a repeat has the same; null where it has none. */
  readonly eventId: string | null;
  /** The provider's name for what happened. */
  readonly type: string;
  readonly says: Translated;
};
