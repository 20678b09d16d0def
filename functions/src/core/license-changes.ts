import { accept, type Decision, refuse } from "./decision.ts";
import { allForgiven } from "./enforcement.ts";
import { fixedTo } from "./expiry.ts";
import { slotsOf, statusAt } from "./licenses.ts";
import type { License, LicenseStatus } from "./records.ts";

/** Ends the license. Ending it again changes nothing, so the first reason stays. */
export const revoked = (license: License, reason: string, now: number): License =>
  license.status === "revoked"
    ? license
    : { ...license, ...BY_HAND, status: "revoked", disputeReason: reason, disputedAt: now };

/** Level 4: the money went back (reference, sections 9 and 14). */
const REVERSED_LEVEL = 4;

/**
 * Ends the license because its payment did. A refund stands over a chargeback, which may be won; what
 * the vendor had ended already keeps its reason.
 */
export function reversed(license: License, reason: "refund" | "chargeback", now: number): License {
  const open = license.status !== "revoked";
  const refunded = reason === "refund" && license.disputeReason === "chargeback";
  if (!open && !refunded && license.threatLevel === REVERSED_LEVEL) return license;
  const held = { ...license, threatLevel: REVERSED_LEVEL };
  if (open) return revoked(held, reason, now);
  return refunded ? { ...held, disputeReason: reason } : held;
}

/** A status that somebody set is not the rules' to take back. */
const BY_HAND = { statusBeforeRules: null, suspendsAt: null };

/**
 * Makes the license good again. The threat level goes to 0 and its violations are resolved: left
 * as they are, they would block the license a second time for what the vendor has just forgiven.
 */
export const reinstated = (license: License, now: number): License =>
  unlessSame(license, {
    ...allForgiven(license, now),
    ...BY_HAND,
    status: "active",
    threatLevel: 0,
    disputeReason: null,
    disputedAt: null,
  });

/** The same for a revoked license and no other. */
export const unrevoked = (license: License, now: number): License =>
  license.status === "revoked" ? reinstated(license, now) : license;

/** Blocks the license until it is reinstated; a revoked one stays so. */
export const frozen = (license: License, now: number): Decision<{ license: License }> =>
  license.status === "revoked"
    ? refuse("LICENSE_REVOKED", { field: "status" })
    : accept({ license: withStatus(license, "suspended", now) });

/** The same, good again, where it is blocked and not revoked. */
export const unfrozen = (license: License, now: number): License =>
  statusAt(license, now) === "suspended" ? reinstated(license, now) : license;

/** A status set by hand: `revoked` and `active` are what revoking and reinstating leave. */
function withStatus(license: License, status: LicenseStatus, now: number): License {
  if (status === "active") return reinstated(license, now);
  if (status === license.status && license.statusBeforeRules === null) return license;
  if (status === "revoked") return revoked(license, "manual", now);
  const over = license.status === "revoked" ? { disputeReason: null, disputedAt: null } : {};
  return { ...license, ...BY_HAND, ...over, status };
}

type Updatable = Pick<
  License,
  "variant" | "maxMachines" | "maxConcurrent" | "status" | "expiresAt" | "email"
>;
export type LicenseUpdate = { readonly [K in keyof Updatable]?: Updatable[K] | undefined };

/**
 * The license with what is given changed. A limit on a license that had none waits until its
 * machines are counted: `countFirst`. `countedIn` names the epoch in which the caller counted them.
 */
export function decideUpdate(ask: {
  license: License;
  update: LicenseUpdate;
  countedIn: number | undefined;
  now: number;
}): { license: License; countFirst: boolean } {
  const { license, update } = ask;
  const { status, ...terms } = update;
  const given = Object.fromEntries(
    Object.entries(terms).filter(([, value]) => value !== undefined),
  ) as Partial<License>;
  const held = status === undefined ? license : withStatus(license, status, ask.now);
  const expiry = terms.expiresAt === undefined ? {} : fixedTo(terms.expiresAt);
  // Another address is another person: whoever had it in the portal has it no longer.
  const moves = terms.email !== undefined && terms.email !== license.email;
  const owner = moves ? { endUserId: null, ownerName: null } : {};
  const next = { ...held, ...given, ...expiry, ...owner };
  const limited = slotsOf(next) !== undefined;
  const counted = license.countAhead && license.countEpoch === ask.countedIn;
  if (limited && slotsOf(license) === undefined && !counted) return { license, countFirst: true };
  const limitGiven = "maxMachines" in given || "maxConcurrent" in given;
  const countAhead = license.countAhead && !limited && !limitGiven;
  return { license: unlessSame(license, { ...next, countAhead }), countFirst: false };
}

export const unlessSame = (license: License, next: License): License =>
  (Object.keys(next) as (keyof License)[]).every((name) => next[name] === license[name])
    ? license
    : next;
