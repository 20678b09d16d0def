import { EVENT_TYPES, type EventType, OPT_IN } from "./events.ts";

export const FORMATS = ["standard", "proxgate", "geckoguard"] as const;
export type WebhookFormat = (typeof FORMATS)[number];

/** Where a vendor wants events sent. Instants are epoch milliseconds. */
export type WebhookEndpoint = {
  id: string;
  accountId: string;
  /** Only what concerns this product; null is the whole account. */
  productId: string | null;
  productHandle: string | null;
  url: string;
  description: string;
  format: WebhookFormat;
  /** Event types, or `*` for all that are not opt-in. */
  events: string[];
  enabled: boolean;
  /** Why it is not enabled, where it was not its vendor's wish. */
  disabledReason: string | null;
  /** Keeps the order of the events of one license. */
  ordered: boolean;
  /** Newest first; an older one signs along until it ends. */
  secrets: { sealed: string; endsAt: number | null }[];
  createdAt: number;
  updatedAt: number;
};

/** One event on its way to one endpoint. */
export type Delivery = {
  /** A UUID, the same for every attempt. */
  id: string;
  endpointId: string;
  accountId: string;
  eventId: string;
  type: EventType;
  /** What the endpoint's format calls it; its first name for the type where left out. */
  name?: string | undefined;
  productId: string | null;
  licenseId: string | null;
  data: Record<string, unknown>;
  occurredAt: number;
  state: "pending" | "delivered" | "failed";
  /** Made so far, the one under way included. */
  attempts: number;
  /** When the next attempt is due; while one is under way, when another may take over; null once settled. */
  dueAt: number | null;
  /** The status of the last answer; null when there was none. */
  lastStatus: number | null;
  lastError: string | null;
  lastDurationMs: number | null;
  createdAt: number;
  updatedAt: number;
  expireAt: number;
};

/** What endpoints may ask for: a type of event, or `*` for all that are not opt-in. */
export const SUBSCRIPTIONS = [...EVENT_TYPES, "*"] as const;

/** What an account may have, besides those that count for a product. */
const MOST_OF_ACCOUNT = 20;
/** Reference, section 14.1. */
const MOST_OF_PRODUCT = 10;

/** Those of a product that speak GeckoGuard's format count for it, all others for the account. */
export const countsForProduct = ({
  format,
  productId,
}: Pick<WebhookEndpoint, "format" | "productId">): boolean =>
  format === "geckoguard" && productId !== null;

export const mostEndpoints = (endpoint: Pick<WebhookEndpoint, "format" | "productId">): number =>
  countsForProduct(endpoint) ? MOST_OF_PRODUCT : MOST_OF_ACCOUNT;

/** How long a secret signs along after it was rotated. */
const OVERLAP_MS = 24 * 3_600_000;

/** Formats whose requests have room for one signature: the old secret ends with the new one's beginning. */
const SIGNED_ONCE: ReadonlySet<WebhookFormat> = new Set(["proxgate"]);

/** A new secret before the present one, which ends; what was older is dropped, so that at most two sign. */
export function secretsRotated(
  { format, secrets: [present] }: Pick<WebhookEndpoint, "format" | "secrets">,
  sealed: string,
  now: number,
): { secrets: WebhookEndpoint["secrets"]; previousEndsAt: number } {
  if (SIGNED_ONCE.has(format)) return { secrets: [{ sealed, endsAt: null }], previousEndsAt: now };
  const previousEndsAt = now + OVERLAP_MS;
  const previous = present ? [{ ...present, endsAt: previousEndsAt }] : [];
  return { secrets: [{ sealed, endsAt: null }, ...previous], previousEndsAt };
}

/** How long a delivery is kept after it was made or made due again. */
export const DELIVERY_LIFE_MS = 30 * 86_400_000;

/** The delivery as due now; one that is settled starts its attempts anew. */
export const madeDue = (delivery: Delivery, now: number): Delivery => ({
  ...delivery,
  state: "pending",
  attempts: delivery.state === "pending" ? delivery.attempts : 0,
  dueAt: now,
  updatedAt: now,
  expireAt: Math.max(delivery.expireAt, now + DELIVERY_LIFE_MS),
});

type Subject = { readonly type: EventType; readonly productId: string | null };

/** Whether it is about what the endpoint is for. GeckoGuard's hear of the team, too: reference, section 14.3. */
export const concerns = (
  { format, productId }: Pick<WebhookEndpoint, "format" | "productId">,
  event: Subject,
): boolean =>
  productId === null ||
  productId === event.productId ||
  (format === "geckoguard" && event.type.startsWith("team."));

/** Whether the endpoint asked for it. */
export const wants = (
  endpoint: Pick<WebhookEndpoint, "format" | "events" | "productId">,
  event: Subject,
): boolean =>
  concerns(endpoint, event) &&
  (endpoint.events.includes(event.type) ||
    (endpoint.events.includes("*") && !OPT_IN.has(event.type)));

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long after a failed attempt the next one is due; their number and one is that of all attempts. */
const RETRY_DELAYS_MS: Readonly<Record<WebhookFormat, readonly number[]>> = {
  // 8 attempts over 24 hours.
  standard: [
    5_000,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    7 * HOUR_MS,
    10 * HOUR_MS + 24 * MINUTE_MS + 55_000,
  ],
  // Reference, section 5.3.
  proxgate: [1, 5, 15, 30, 60].map((minutes) => minutes * MINUTE_MS),
  // Reference, section 14.5.
  geckoguard: [1, 2, 4, 8, 16].map((minutes) => minutes * MINUTE_MS),
};

/** Formats whose reference asks for it, by up to a tenth: many that failed together do not return together. */
const JITTERED: ReadonlySet<WebhookFormat> = new Set(["standard", "geckoguard"]);
const JITTER = 0.1;

/** When the attempt after this one is due; `undefined` when it was the last. `chance` is from 0 to 1. */
export function nextAttemptAt(
  format: WebhookFormat,
  attempts: number,
  now: number,
  chance: number,
): number | undefined {
  const delay = RETRY_DELAYS_MS[format][attempts - 1];
  if (delay === undefined) return undefined;
  return Math.round(now + delay * (JITTERED.has(format) ? 1 + JITTER * chance : 1));
}
