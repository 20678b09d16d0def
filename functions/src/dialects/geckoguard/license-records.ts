import { expirationModeOf, fixedExpiryOf } from "../../core/expiry.ts";
import { type Standing, standingAt } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { standingChangeOf } from "../../core/standing.ts";
import { iso, isoOrNull } from "./fields.ts";
import { policyItem } from "./policy.ts";

export const LICENSE_STATUSES = ["ACTIVE", "EXPIRED", "FROZEN", "REVOKED"] as const;
type LicenseStatus = (typeof LICENSE_STATUSES)[number];

const STATUS_OF: { readonly [S in Standing]: LicenseStatus } = {
  good: "ACTIVE",
  expired: "EXPIRED",
  suspended: "FROZEN",
  revoked: "REVOKED",
};

export const standingOf: { readonly [S in LicenseStatus]: Standing } = {
  ACTIVE: "good",
  EXPIRED: "expired",
  FROZEN: "suspended",
  REVOKED: "revoked",
};

export const statusOf = (license: License, now: number): LicenseStatus =>
  STATUS_OF[standingAt(license, now)];

/** A license as clients see it (reference, section 9.1). Without `seesOwners` it does not tell whose it is. */
export function licenseItem(
  license: License,
  key: string,
  { now, seesOwners }: { readonly now: number; readonly seesOwners: boolean },
) {
  const { authorization, policyOverride } = license;
  const status = statusOf(license, now);
  const since = standingChangeOf(license, now);
  return {
    id: license.id,
    key,
    productId: license.productId,
    status,
    expirationMode: expirationModeOf(license),
    expiresAt: isoOrNull(fixedExpiryOf(license)),
    expiresAfterDays: license.expiresAfterDays,
    activatedAt: isoOrNull(license.activatedAt),
    effectiveExpiresAt: isoOrNull(license.expiresAt),
    policyOverride: policyOverride && policyItem(policyOverride),
    note: license.note,
    hwidResetCount: authorization?.hwidResets.count ?? 0,
    ipResetCount: authorization?.ipResets.count ?? 0,
    lastAuthorizedAt: isoOrNull(authorization?.lastAuthorizedAt ?? null),
    revokedAt: status === "REVOKED" ? isoOrNull(license.disputedAt ?? since) : null,
    frozenAt: status === "FROZEN" ? isoOrNull(since) : null,
    createdAt: iso(license.createdAt),
    updatedAt: iso(license.updatedAt),
    ...(seesOwners && {
      endUserId: license.endUserId,
      endUserUsername: license.ownerName,
      endUserEmail: license.endUserId === null ? null : license.email,
    }),
  };
}
