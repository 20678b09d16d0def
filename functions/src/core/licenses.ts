import { type Refusal, type RefusalCode, refuse } from "./decision.ts";
import type { License, LicenseStatus, LicenseType, Variant } from "./records.ts";

export const UNLIMITED = -1;
/** The most machines or seats a limit may be. */
export const MOST_SLOTS = 1_000_000;
const DAY_MS = 86_400_000;
/** The longest a token lives. */
export const TOKEN_LIFE_MS = 30 * DAY_MS;
const DEGRADED_TOKEN_LIFE_MS = DAY_MS;

/** When the license is over, its grace included. */
export const endOf = (license: License): number =>
  license.expiresAt === null ? Number.POSITIVE_INFINITY : license.expiresAt + license.graceMs;

/**
 * The expiry that is still to be told. Another date is told anew; what was over before it came here
 * is no news.
 */
export function expiryToTell(before: License | null, after: License): number | null {
  const { expiresAt } = after;
  if (!before) return expiresAt !== null && expiresAt > after.createdAt ? expiresAt : null;
  return expiresAt === before.expiresAt ? before.tellExpiryAt : expiresAt;
}

/** Past its expiry, and good for a little longer. */
export const isInGrace = (license: License, now: number): boolean =>
  license.expiresAt !== null && now >= license.expiresAt && now < endOf(license);

/**
 * The status as it is now: threat level 3 blocks at its time and grace begins at its own, whoever
 * writes it down when.
 */
export function statusAt(license: License, now: number): LicenseStatus {
  if (license.suspendsAt !== null && now >= license.suspendsAt) return "suspended";
  return license.status === "active" && isInGrace(license, now) ? "degraded" : license.status;
}

/** How a license stands, grades of good left out. */
export const STANDINGS = ["good", "expired", "suspended", "revoked"] as const;
export type Standing = (typeof STANDINGS)[number];

const BAD_STANDING: { readonly [Code in RefusalCode]?: Standing } = {
  LICENSE_REVOKED: "revoked",
  LICENSE_SUSPENDED: "suspended",
  LICENSE_EXPIRED: "expired",
};

export function standingAt(license: License, now: number): Standing {
  const refusal = standing(license, now);
  return (refusal && BAD_STANDING[refusal.code]) ?? "good";
}

/** When its standing changes of itself, later than `now`; null is never. */
export function standingEnds(license: License, now: number): number | null {
  const status = statusAt(license, now);
  if (status === "revoked" || status === "suspended") return null;
  const next = Math.min(
    ...[license.suspendsAt ?? Number.POSITIVE_INFINITY, endOf(license)].filter((at) => at > now),
  );
  return Number.isFinite(next) ? next : null;
}

/** The refusal that any use of the license meets now, or `undefined` when it stands. */
export function standing(license: License, now: number): Refusal | undefined {
  const status = statusAt(license, now);
  if (status === "revoked") return refuse("LICENSE_REVOKED");
  if (status === "suspended") return refuse("LICENSE_SUSPENDED");
  // The end is exclusive: at its very millisecond the license is over.
  if (now >= endOf(license)) return refuse("LICENSE_EXPIRED");
  return undefined;
}

/** A product is named by its handle or by its UUID, with or without hyphens. */
export function namesProduct(product: { id: string; handle: string }, reference: string): boolean {
  const given = reference.toLowerCase();
  return reference === product.handle || given === product.id || given === undashed(product.id);
}

/** A license is good for its own product and for those its bundle unlocks. */
export function coversProduct(license: License, reference: string): boolean {
  const own = { id: license.productId, handle: license.productHandle };
  return [own, ...license.unlockedProducts].some((product) => namesProduct(product, reference));
}

/** The 32 hex digits of a product's UUID: its id in the CodeGate dialect. */
export const undashed = (uuid: string): string => uuid.replaceAll("-", "").toLowerCase();

/** How many machines or floating seats the license may hold at once; `undefined` when unlimited. */
export function slotsOf(license: License): number | undefined {
  if (license.licenseType === "site") return undefined;
  const slots =
    license.licenseType === "floating"
      ? (license.maxConcurrent ?? license.maxMachines)
      : license.maxMachines;
  return slots === UNLIMITED ? undefined : slots;
}

/**
 * When a token issued now ends. 30 days, 24 hours on a degraded license (reference, section 6.1),
 * and never past the license's end or its suspension: offline clients know no other end.
 */
export function tokenExpiry(license: License, now: number): number {
  const life = statusAt(license, now) === "degraded" ? DEGRADED_TOKEN_LIFE_MS : TOKEN_LIFE_MS;
  return Math.min(now + life, endOf(license), license.suspendsAt ?? Number.POSITIVE_INFINITY);
}

export type Terms = Pick<License, "licenseType" | "maxMachines" | "maxConcurrent" | "expiresAt">;
export type AskedTerms = { readonly [K in keyof Terms]?: Terms[K] | undefined };

/** What was asked for, else what the variant says, else the defaults of the native contract. */
export function termsOf(asked: AskedTerms, variant: Variant | undefined, now: number): Terms {
  const licenseType: LicenseType = asked.licenseType ?? variant?.licenseType ?? "per-machine";
  const duration = variant?.durationDays ?? null;
  return {
    licenseType,
    maxMachines:
      asked.maxMachines ?? variant?.maxMachines ?? (licenseType === "site" ? UNLIMITED : 2),
    maxConcurrent: asked.maxConcurrent ?? variant?.maxConcurrent ?? null,
    expiresAt:
      asked.expiresAt === undefined
        ? duration === null
          ? null
          : now + duration * DAY_MS
        : asked.expiresAt,
  };
}

type Slots = Pick<License, "licenseType" | "maxMachines" | "maxConcurrent">;

/** The terms with the slots of that many; what has no limit keeps none. */
export function seatsFor<T extends Slots>(terms: T, quantity: number): T {
  if (terms.licenseType === "site") return terms;
  const times = (slots: number) =>
    slots === UNLIMITED ? UNLIMITED : Math.min(slots * quantity, MOST_SLOTS);
  return {
    ...terms,
    maxMachines: times(terms.maxMachines),
    maxConcurrent: terms.maxConcurrent === null ? null : times(terms.maxConcurrent),
  };
}

/** Clients may send a variant as `<productId>-<name>`. */
export const variantName = (productHandle: string, given: string): string =>
  given.startsWith(`${productHandle}-`) ? given.slice(productHandle.length + 1) || given : given;
