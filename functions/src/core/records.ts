import type { Authorization } from "./authorizations.ts";
import type { SELLERS } from "./payments.ts";
import type { Policy } from "./policies.ts";

// What the rules speak about. Instants are epoch milliseconds, durations name their unit.

export type Product = {
  /** A UUID; `handle` is the vendor's own name for it. */
  id: string;
  accountId: string;
  handle: string;
  slug: string;
  name: string;
  description: string;
  status: "live" | "unlisted" | "archived";
  /** What its licenses may show before a rule notices; null is the default of `enforcement.ts`. */
  enforcement: { [Limit in keyof EnforcementLimits]: number | null };
  /** What payment providers call it; an id of a provider is one product's in the whole service. */
  paymentIds: PaymentId[];
  /** What its licenses are good for besides: it is a bundle. */
  unlocks: { id: string; handle: string }[];
  /** What buying n of it makes: one license with n times the slots, or n licenses. */
  quantity: "seats" | "keys";
  /** How long a subscription's license goes on past its expiry; null is the default of `products.ts`. */
  graceDays: number | null;
  /** How its licenses may be used where they say nothing themselves; null is the defaults. */
  defaultPolicy: Policy | null;
  /** What of its blacklist must be known before an entry is looked for. */
  blacklist: {
    hwids: number;
    ips: number;
    ranges: { id: string; cidr: string; reason: string | null }[];
  };
  /** How many it has in GeckoGuard's format: there is a limit. */
  webhookEndpoints: number;
  /** Whether its redemption codes can be redeemed; licenses go by `status`. */
  enabled: boolean;
  /** When its redemption codes end that have no expiry of their own; licenses go by theirs. */
  expiresAt: number | null;
  createdAt: number;
  updatedAt: number;
};

export type PaymentId = {
  provider: (typeof SELLERS)[number];
  id: string;
  /** The variant that is sold under this id; null leaves it to the sale. */
  variant: string | null;
};

/** How much is ordinary; 0 turns a rule off. */
export type EnforcementLimits = {
  countriesPerDay: number;
  /** In 30 days. */
  newMachinesPerSlot: number;
  /** Machines a full pool turned away in a day. */
  turnedAwayPerSeat: number;
  /** Networks one fingerprint calls from. */
  addressesPerDay: number;
};

export type LicenseType = "per-machine" | "floating" | "site";
export type LicenseStatus = "active" | "degraded" | "suspended" | "revoked";

/** A tier of a product; null leaves the term to the product-wide default. */
export type Variant = {
  id: string;
  productId: string;
  accountId: string;
  name: string;
  label: string;
  licenseType: LicenseType | null;
  maxMachines: number | null;
  maxConcurrent: number | null;
  durationDays: number | null;
  active: boolean;
  createdAt: number;
  updatedAt: number;
};

export type Attempts = { startedAt: number; count: number };

/** What was seen in the window that began then, each once. */
export type Sightings = { startedAt: number; seen: string[] };

export const VIOLATION_TYPES = [
  "country_spread",
  "machine_churn",
  "seat_demand",
  "shared_fingerprint",
] as const;

export type Violation = {
  /** Unique on its license. */
  id: string;
  type: (typeof VIOLATION_TYPES)[number];
  /** 1 past the limit, 2 past twice the limit. */
  severity: number;
  detectedAt: number;
  resolvedAt: number | null;
  details: Record<string, unknown>;
};

export type License = {
  /** The document id: changes with the key. */
  keyHash: string;
  /** The identity: outlives the key. */
  id: string;
  keySealed: string;
  accountId: string;
  productId: string;
  productHandle: string;
  unlockedProducts: { id: string; handle: string }[];
  email: string;
  variant: string;
  licenseType: LicenseType;
  status: LicenseStatus;
  threatLevel: number;
  /** -1 is unlimited. */
  maxMachines: number;
  maxConcurrent: number | null;
  machinesUsed: number;
  seatsUsed: number;
  /** Raised whenever counting starts anew, so that earlier marks on activations are void. */
  countEpoch: number;
  /** Counts although it has no limit yet: one is about to be set. */
  countAhead: boolean;
  /** In how many documents its seats are counted; 0 counts them here. */
  seatShards: number;
  attempts: Attempts;
  /** What the enforcement rules judge. */
  watch: { countries: Sightings; newMachines: Sightings; turnedAway: Sightings };
  /** Oldest first: all that are unresolved, and some that were. */
  violations: Violation[];
  /** When threat level 3 blocks it. */
  suspendsAt: number | null;
  /** When it was last blocked, or made good again; null when that never happened. */
  standingChangedAt: number | null;
  /** The status that the enforcement rules took over from; null while they leave it alone. */
  statusBeforeRules: LicenseStatus | null;
  /** Null is never, or not before the first activation where `expiresAfterDays` says when. */
  expiresAt: number | null;
  /** Its days begin with the first activation; null is no such term. */
  expiresAfterDays: number | null;
  /** Beside `expiresAfterDays`: the date that ends it in any case; null is none. */
  fixedExpiresAt: number | null;
  /** The first activation or authorization, through whatever API. */
  activatedAt: number | null;
  /** The `expiresAt` whose passing is still to be told; null once it was. */
  tellExpiryAt: number | null;
  /** How long it goes on as degraded past `expiresAt`. */
  graceMs: number;
  purchasedAt: number | null;
  discountCode: string | null;
  purchaseId: string | null;
  bundleId: string | null;
  disputeReason: string | null;
  disputedAt: number | null;
  policyOverride: Policy | null;
  /** Whether `maxMachines` follows the policy: it was made where policies set the limits. */
  slotsByPolicy: boolean;
  /** Null until it is first authorized. */
  authorization: Authorization | null;
  /** Whose it is in the customers' portal. */
  endUserId: string | null;
  /** The user name of that customer; the address is `email`. */
  ownerName: string | null;
  /** The plan of its product that it was sold as. */
  planId: string | null;
  note: string | null;
  /** When its facets stop being true because time went by; null is never. */
  refileAt: number | null;
  /** What lists find it by; follows from the other fields. */
  facets: string[];
  createdAt: number;
  updatedAt: number;
};

export type Activation = {
  id: string;
  licenseId: string;
  accountId: string;
  /** The license's own product; null on activations that an older version made. */
  productId: string | null;
  fingerprint: string;
  hostname: string;
  /** Where it runs, where that is a web site. */
  domain: string | null;
  /** Kept only where a client names it, or its API is told to. */
  address: string | null;
  firstSeen: number;
  lastSeen: number;
  /** Every country it called from, as ISO 3166 codes. */
  countries: string[];
  lastCountry: string | null;
  /** Short hashes of the networks it called from. */
  addresses: Sightings;
  seatExpiresAt: number | null;
  attempts: Attempts | null;
  /** The license's `countEpoch` in which this was counted; another one is no count. */
  countedIn: number;
  /** The shard that counts its seat, where the license has some. */
  seatShard: number;
};

/** A part of a large pool's seats, counted in a document of its own. */
export type SeatShard = {
  /** Derived from the license and the number. */
  id: string;
  licenseId: string;
  accountId: string;
  number: number;
  /** The license's `countEpoch` and limit when its part was dealt out. */
  epoch: number;
  limit: number;
  seats: number;
  used: number;
  /** Attempts of the machines that ask here. */
  attempts: Attempts;
  turnedAway: Sightings;
};

/** A code that shortens a price or gives a trial; both are unique among the codes of an account. */
export type Code = {
  /** Derived from the account and the canonical code. */
  id: string;
  accountId: string;
  /** A discount may have trial days too; a trial has no discount. */
  kind: "trial" | "discount";
  /** As its vendor wrote it. */
  code: string;
  /** A product's UUID, or `*` for every product of the account. */
  scope: string;
  productHandle: string | null;
  trialDays: number | null;
  percentOff: number | null;
  /** In the currency's main unit, to the hundredth. */
  amountOff: number | null;
  currency: string | null;
  /** Null is unlimited. */
  maxUses: number | null;
  usedCount: number;
  expiresAt: number | null;
  active: boolean;
  createdAt: number;
  updatedAt: number;
};
