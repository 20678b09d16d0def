import type { ApiKey } from "./api-keys.ts";
import type { Decision } from "./decision.ts";
import { denialOf } from "./denials.ts";
import type { Provider, ToldKind } from "./payments.ts";
import type { Activation, License, Product, Violation } from "./records.ts";
import type { Membership } from "./users.ts";

/** Everything that happens to a vendor's things; formats of other products have their own names. */
export const EVENT_TYPES = [
  "license.created",
  "license.updated",
  "license.extended",
  "license.expired",
  "license.suspended",
  "license.revoked",
  "license.reinstated",
  "license.key_rotated",
  "license.transferred",
  "license.activated",
  "license.deactivated",
  "license.validated",
  "license.authorized",
  "license.authorization_denied",
  "license.hwid_reset",
  "license.ip_reset",
  "license.seat_limit_reached",
  "violation.detected",
  "trial.redeemed",
  "payment.completed",
  "payment.renewed",
  "payment.cancelled",
  "payment.refunded",
  "payment.disputed",
  "payment.dispute_won",
  "product.created",
  "product.updated",
  "customer.created",
  "api_key.created",
  "api_key.rotated",
  "api_key.revoked",
  "team.member_added",
  "team.member_removed",
  "test.ping",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** So frequent that only an endpoint that names it makes it happen: `*` does not mean it. */
export const OPT_IN: ReadonlySet<EventType> = new Set(["license.validated"]);

/** Names a thing without revealing what opens it: never a key, a token or a secret. */
export type EventData = Readonly<Record<string, unknown>>;

export type NewEvent = {
  readonly type: EventType;
  readonly accountId: string;
  /** The product's UUID; null where no product is concerned. */
  readonly productId: string | null;
  /** The license's identity; null where none is concerned. */
  readonly licenseId: string | null;
  readonly data: EventData;
};

/** What happened, until it is handed to the endpoints that want it. Instants are epoch milliseconds. */
export type OutboxEvent = {
  /** A UUID. */
  id: string;
  type: EventType;
  accountId: string;
  productId: string | null;
  licenseId: string | null;
  data: Record<string, unknown>;
  occurredAt: number;
};

const iso = (instant: number | null): string | null =>
  // biome-ignore lint/style/noRestrictedGlobals: it reads no clock
  instant === null ? null : new Date(instant).toISOString();

/** A license as events tell of it. */
const licenseFacts = (license: License): EventData => ({
  licenseId: license.id,
  productId: license.productHandle,
  email: license.email,
  variant: license.variant,
  licenseType: license.licenseType,
  status: license.status,
  threatLevel: license.threatLevel,
  maxMachines: license.maxMachines,
  maxConcurrent: license.maxConcurrent,
  expiresAt: iso(license.expiresAt),
  purchaseId: license.purchaseId,
});

/** An event about a license; `more` joins what is told of the license. */
export const licenseEvent = (
  type: EventType,
  license: License,
  more: EventData = {},
): NewEvent => ({
  type,
  accountId: license.accountId,
  productId: license.productId,
  licenseId: license.id,
  data: { ...licenseFacts(license), ...more },
});

/** A machine as events tell of it. */
export const machineFacts = (activation: Activation): EventData => ({
  activationId: activation.id,
  machineFingerprint: activation.fingerprint,
  hostname: activation.hostname,
});

export const machineEvent = (
  type: "license.activated" | "license.deactivated" | "license.validated",
  { license, activation }: { license: License; activation: Activation },
): NewEvent => licenseEvent(type, license, machineFacts(activation));

/** What became of an attempt to authorize; `undefined` where it says nothing of the license. */
export function authorizationEvent(
  license: License,
  decision: Decision<{ readonly wasActivated: boolean }>,
): NewEvent | undefined {
  if (decision.ok) {
    return licenseEvent("license.authorized", license, { wasActivated: decision.wasActivated });
  }
  const denial = denialOf(decision);
  return denial && licenseEvent("license.authorization_denied", license, { ...denial });
}

/** Told at the expiry itself; within its grace the license goes on. */
export const expiredEvent = (license: License): NewEvent =>
  licenseEvent("license.expired", license, {
    graceEndsAt:
      license.graceMs === 0 || license.expiresAt === null
        ? null
        : iso(license.expiresAt + license.graceMs),
  });

export const productEvent = (
  type: "product.created" | "product.updated",
  { id, accountId, handle, slug, name, status }: Product,
  more: EventData = {},
): NewEvent => ({
  type,
  accountId,
  productId: id,
  licenseId: null,
  data: { productId: handle, slug, name, status, ...more },
});

export const apiKeyEvent = (
  type: "api_key.created" | "api_key.rotated" | "api_key.revoked",
  { id, accountId, productId, name }: Pick<ApiKey, "id" | "accountId" | "productId" | "name">,
): NewEvent => ({
  type,
  accountId,
  productId,
  licenseId: null,
  data: { keyId: id, name },
});

/** A member came or went; `orgId` is what the dashboard calls the account. */
export const teamEvent = (
  type: "team.member_added" | "team.member_removed",
  { accountId, userId, role }: Pick<Membership, "accountId" | "userId" | "role">,
  orgId: string,
): NewEvent => ({
  type,
  accountId,
  productId: null,
  licenseId: null,
  data: { orgId, userId, role },
});

export const customerEvent = ({ accountId, email }: License): NewEvent => ({
  type: "customer.created",
  accountId,
  productId: null,
  licenseId: null,
  data: { email },
});

/** What happened to a sale, whatever its provider calls it. */
export const saleEvent = (
  kind: ToldKind,
  { provider, licenses }: { provider: Provider; licenses: readonly [License, ...License[]] },
): NewEvent => {
  const [first, ...others] = licenses;
  return {
    type: `payment.${kind}`,
    accountId: first.accountId,
    productId: first.productId,
    licenseId: others.length === 0 ? first.id : null,
    data: { provider, purchaseId: first.purchaseId, licenseIds: licenses.map(({ id }) => id) },
  };
};

const TERMS = ["variant", "licenseType", "maxMachines", "maxConcurrent", "expiresAt"] as const;

/** What a change of a license means to those who watch it. */
export function licenseEvents(before: License | null, after: License): NewEvent[] {
  if (!before) return [licenseEvent("license.created", after)];
  const events: NewEvent[] = [];
  const tell = (type: EventType, more?: EventData) => events.push(licenseEvent(type, after, more));
  if (after.status !== before.status) {
    const previousStatus = before.status;
    if (after.status === "revoked") tell("license.revoked", { reason: after.disputeReason });
    else if (after.status === "suspended") tell("license.suspended", { previousStatus });
    else if (before.status === "revoked" || before.status === "suspended") {
      tell("license.reinstated", { previousStatus });
    } else tell("license.updated", { previousStatus });
  }
  if (after.keyHash !== before.keyHash) tell("license.key_rotated");
  if (after.email !== before.email) tell("license.transferred", { previousEmail: before.email });
  const longer =
    before.expiresAt !== null && (after.expiresAt === null || after.expiresAt > before.expiresAt);
  if (longer) tell("license.extended", { previousExpiresAt: iso(before.expiresAt) });
  const others = TERMS.filter((term) => after[term] !== before[term]);
  if (others.some((term) => term !== "expiresAt" || !longer)) {
    tell("license.updated", { changed: others });
  }
  for (const violation of after.violations) {
    if (isNews(before.violations, violation)) {
      const { id, type, severity, details } = violation;
      tell("violation.detected", { violation: { id, type, severity, details } });
    }
  }
  return events;
}

/** A violation that is new, or got worse. */
const isNews = (known: readonly Violation[], { id, severity, resolvedAt }: Violation): boolean =>
  resolvedAt === null && !known.some((one) => one.id === id && one.severity >= severity);
