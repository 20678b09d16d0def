import { accept, type Decision, refuse } from "./decision.ts";
import { slotsOf } from "./licenses.ts";
import type {
  Activation,
  EnforcementLimits,
  License,
  Product,
  Sightings,
  Violation,
} from "./records.ts";
import { NOTHING_WATCHED, WATCH_DAYS } from "./watch.ts";

const HOUR_MS = 3_600_000;
/** Between reaching threat level 3 and the block (reference, section 9). */
const GRACE_MS = 72 * HOUR_MS;

export const DEFAULT_LIMITS: EnforcementLimits = {
  countriesPerDay: 5,
  newMachinesPerSlot: 5,
  turnedAwayPerSeat: 2,
  addressesPerDay: 40,
};
/** The least a rule may be set to, so that most calls need not look a product's limits up. */
export const LEAST_LIMIT = 2;
/** The most that can be told apart with room for severity 2: rules are not applied beyond it. */
export const MOST_LIMIT = 100;

const LEAST_LIMITS: EnforcementLimits = {
  countriesPerDay: LEAST_LIMIT,
  newMachinesPerSlot: LEAST_LIMIT,
  turnedAwayPerSeat: LEAST_LIMIT,
  addressesPerDay: LEAST_LIMIT,
};

/** Resolved violations that are kept for the vendor to look at. */
const KEPT_RESOLVED = 20;

type Signal = Pick<Violation, "type" | "severity" | "details">;

/** What of a license and one of its machines is out of the ordinary. */
function signals(
  license: License,
  activation: Activation | undefined,
  limits: EnforcementLimits,
): Signal[] {
  const slots = slotsOf(license);
  const floating = license.licenseType === "floating";
  const { countries, newMachines, turnedAway } = license.watch;
  const signal = (
    type: Violation["type"],
    sightings: Sightings,
    limit: number,
    windowDays: number,
    more: Record<string, unknown> = {},
  ): Signal[] => {
    const count = sightings.seen.length;
    const judged = limit > 0 && limit <= MOST_LIMIT && count > limit;
    if (!judged || isForgiven(license, type, sightings)) return [];
    const severity = count > 2 * limit ? 2 : 1;
    return [{ type, severity, details: { count, limit, windowDays, ...more } }];
  };
  const perSlot = (limit: number) => (slots === undefined ? 0 : limit * slots);
  return [
    ...signal("country_spread", countries, limits.countriesPerDay, WATCH_DAYS.countries, {
      countries: countries.seen,
    }),
    ...signal(
      "machine_churn",
      newMachines,
      floating ? 0 : perSlot(limits.newMachinesPerSlot),
      WATCH_DAYS.newMachines,
    ),
    ...signal(
      "seat_demand",
      turnedAway,
      floating ? perSlot(limits.turnedAwayPerSeat) : 0,
      WATCH_DAYS.turnedAway,
    ),
    ...(activation
      ? signal(
          "shared_fingerprint",
          activation.addresses,
          limits.addressesPerDay,
          WATCH_DAYS.addresses,
          { machineFingerprint: activation.fingerprint },
        )
      : []),
  ];
}

/** What was seen before its vendor resolved it does not count again. */
const isForgiven = (license: License, type: Violation["type"], { startedAt }: Sightings): boolean =>
  license.violations.some(
    (violation) => violation.type === type && (violation.resolvedAt ?? -1) >= startedAt,
  );

/** What a client call left behind. `activation` is missing where a machine was turned away. */
export type Shown = { readonly license: License; readonly activation?: Activation | undefined };

/** What a client call met: a license or none. */
export type Found = {
  readonly license?: License | undefined;
  readonly activation?: Activation | undefined;
};

/** Whether a call showed anything that some product's limits would notice. */
export function isWorthJudging(before: Found, after: Shown): boolean {
  const grown =
    after.license.watch !== before.license?.watch ||
    after.activation?.addresses !== before.activation?.addresses;
  return grown && signals(after.license, after.activation, LEAST_LIMITS).length > 0;
}

/**
 * The license after its rules looked at it: with what they noticed, and the threat level and status
 * that follow. The same object when they noticed nothing new.
 */
export function judge(shown: Shown, limits: EnforcementLimits, now: number): License {
  const { license } = shown;
  const open = unresolved(license);
  const fresh = signals(license, shown.activation, limits).filter(
    ({ type, severity }) =>
      !open.some((known) => known.type === type && known.severity >= severity),
  );
  if (fresh.length === 0) return license;
  const risen = new Set(fresh.map(({ type }) => type));
  const kept = license.violations.map((violation) =>
    violation.resolvedAt === null && risen.has(violation.type)
      ? { ...violation, ...fresh.find(({ type }) => type === violation.type) }
      : violation,
  );
  const known = new Set(open.map(({ type }) => type));
  const added = fresh.filter(({ type }) => !known.has(type));
  const last = Math.max(0, ...license.violations.map(({ id }) => Number(id.slice(1))));
  const violations = [
    ...kept,
    ...added.map((signal, index) => ({
      id: `v${last + index + 1}`,
      detectedAt: now,
      resolvedAt: null,
      ...signal,
    })),
  ];
  return atLevel({ ...license, violations: trimmed(violations) }, now);
}

/**
 * One kind of signal takes a license to level 2 at most. Only two kinds that both passed twice their
 * limit reach level 3; level 4 takes a chargeback or the vendor.
 */
function levelOf(open: readonly Violation[]): number {
  const worst = Math.max(0, ...open.map(({ severity }) => severity));
  const kinds = new Set(open.filter(({ severity }) => severity === worst).map(({ type }) => type));
  return worst + (kinds.size > 1 ? 1 : 0);
}

/** The license with the level that its unresolved violations make, and what the level does. */
function atLevel(license: License, now: number): License {
  const threatLevel = levelOf(unresolved(license));
  const { status, statusBeforeRules } = license;
  if (status === "revoked") return license;
  const byHand = status === "suspended" && statusBeforeRules === null;
  if (byHand) return { ...license, threatLevel };
  const before = statusBeforeRules ?? status;
  if (threatLevel < 2) {
    return { ...license, threatLevel, status: before, statusBeforeRules: null, suspendsAt: null };
  }
  const held = { ...license, threatLevel, statusBeforeRules: before };
  if (threatLevel === 2) return { ...held, status: "degraded", suspendsAt: null };
  return status === "suspended"
    ? held
    : { ...held, status: "degraded", suspendsAt: license.suspendsAt ?? now + GRACE_MS };
}

export const unresolved = (license: Pick<License, "violations">): Violation[] =>
  license.violations.filter(({ resolvedAt }) => resolvedAt === null);

function trimmed(violations: readonly Violation[]): Violation[] {
  const resolved = violations.filter(({ resolvedAt }) => resolvedAt !== null);
  const dropped = new Set(resolved.slice(0, Math.max(0, resolved.length - KEPT_RESOLVED)));
  return violations.filter((violation) => !dropped.has(violation));
}

const WATCHED_BY: Partial<Record<Violation["type"], keyof License["watch"]>> = {
  country_spread: "countries",
  machine_churn: "newMachines",
  seat_demand: "turnedAway",
};

/** The license with those violations resolved, and what showed them forgotten. */
function forgiven(license: License, violations: readonly Violation[], now: number): License {
  if (violations.length === 0) return license;
  const resolved = new Set(violations);
  const watch = { ...license.watch };
  for (const { type } of violations) {
    const kind = WATCHED_BY[type];
    if (kind) watch[kind] = NOTHING_WATCHED[kind];
  }
  return {
    ...license,
    watch,
    violations: trimmed(
      license.violations.map((violation) =>
        resolved.has(violation) ? { ...violation, resolvedAt: now } : violation,
      ),
    ),
  };
}

export const allForgiven = (license: License, now: number): License =>
  forgiven(license, unresolved(license), now);

/** Resolves those violations, or all; the threat level and status follow from what is left. */
export function decideResolve(ask: {
  license: License;
  violationIds: readonly string[] | undefined;
  now: number;
}): Decision<{ license: License; resolvedCount: number }> {
  const { license, violationIds, now } = ask;
  if (violationIds?.some((id) => !license.violations.some((violation) => violation.id === id))) {
    return refuse("VIOLATION_NOT_FOUND", { field: "violationIds" });
  }
  const open = unresolved(license).filter(({ id }) => violationIds?.includes(id) ?? true);
  if (open.length === 0) return accept({ license, resolvedCount: 0 });
  const next = atLevel(forgiven(license, open, now), now);
  return accept({ license: next, resolvedCount: open.length });
}

/** Writes the block down that `suspendsAt` made; reading never waits for it. */
export const suspendedWhenDue = (license: License, now: number): License =>
  license.suspendsAt !== null && now >= license.suspendsAt
    ? { ...license, status: "suspended", suspendsAt: null }
    : license;

export const NO_LIMITS_SET: Product["enforcement"] = {
  countriesPerDay: null,
  newMachinesPerSlot: null,
  turnedAwayPerSeat: null,
  addressesPerDay: null,
};

/** A product's limits, with the defaults where it has none. */
export const limitsOf = (enforcement: Product["enforcement"]): EnforcementLimits => ({
  countriesPerDay: enforcement.countriesPerDay ?? DEFAULT_LIMITS.countriesPerDay,
  newMachinesPerSlot: enforcement.newMachinesPerSlot ?? DEFAULT_LIMITS.newMachinesPerSlot,
  turnedAwayPerSeat: enforcement.turnedAwayPerSeat ?? DEFAULT_LIMITS.turnedAwayPerSeat,
  addressesPerDay: enforcement.addressesPerDay ?? DEFAULT_LIMITS.addressesPerDay,
});
