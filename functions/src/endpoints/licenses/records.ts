import * as z from "zod";
import { unresolved } from "../../core/enforcement.ts";
import { statusAt } from "../../core/licenses.ts";
import {
  type Activation,
  type License,
  VIOLATION_TYPES,
  type Violation,
} from "../../core/records.ts";
import type { ListedLicense } from "../../operations/licenses/list-licenses.ts";
import { instantOrNone, iso, isoInstant, isoOrNull, licenseType, pastInstant } from "../fields.ts";

const optionalText = z.string().nullable().meta({ example: null });

export const licenseStatus = z
  .enum(
    ["active", "degraded", "suspended", "revoked"],
    'must be "active", "degraded", "suspended" or "revoked"',
  )
  .meta({ example: "active" });

/** A license as admin answers show it (reference, section 7). */
export const licenseShape = z
  .object({
    key: z.string().meta({ example: "7K3QZ-M9X2C-4TBWF-8N5RJ-P6HVD" }),
    email: z.string().meta({ example: "artist@example.com" }),
    productId: z.string().meta({ example: "prod_abc123" }),
    variant: z.string().meta({ example: "pro" }),
    licenseType,
    status: licenseStatus.meta({
      description:
        "`degraded` also in the grace after `expiresAt`; filters and counts go by the date.",
      example: "active",
    }),
    threatLevel: z.int().meta({
      description: "0 clean, 1 noticed, 2 degraded, 3 blocked at `suspendsAt`, 4 revoked.",
      example: 0,
    }),
    suspendsAt: isoInstant.nullable().meta({
      description: "When threat level 3 blocks it; null while nothing will.",
      example: null,
    }),
    maxMachines: z.int().meta({ example: 3 }),
    maxConcurrent: z.int().nullable().meta({ example: null }),
    createdAt: pastInstant,
    purchasedAt: pastInstant.nullable(),
    expiresAt: isoInstant.nullable(),
    discountCode: z.string().nullable().meta({ example: "SPRING-K7X4" }),
    purchaseId: z.string().nullable().meta({ example: "pur_1001" }),
    bundleId: optionalText,
    unlockedProducts: z.array(z.string()).meta({ example: ["prod_def456"] }),
    disputeReason: optionalText,
    disputedAt: instantOrNone,
    unresolvedViolationsCount: z.int().meta({ example: 0 }),
  })
  .meta({ id: "License" });

export const licenseRecord = (
  license: License,
  key: string,
  now: number,
): z.input<typeof licenseShape> => ({
  key,
  email: license.email,
  productId: license.productHandle,
  variant: license.variant,
  licenseType: license.licenseType,
  status: statusAt(license, now),
  threatLevel: license.threatLevel,
  suspendsAt: isoOrNull(license.suspendsAt),
  maxMachines: license.maxMachines,
  maxConcurrent: license.maxConcurrent,
  createdAt: iso(license.createdAt),
  purchasedAt: isoOrNull(license.purchasedAt),
  expiresAt: isoOrNull(license.expiresAt),
  discountCode: license.discountCode,
  purchaseId: license.purchaseId,
  bundleId: license.bundleId,
  unlockedProducts: license.unlockedProducts.map((product) => product.handle),
  disputeReason: license.disputeReason,
  disputedAt: isoOrNull(license.disputedAt),
  unresolvedViolationsCount: unresolved(license).length,
});

/** A license in a list. */
export const listedShape = licenseShape
  .extend({
    machinesUsed: z.int().meta({
      description: "Machines, or seats of a floating license.",
      example: 1,
    }),
  })
  .meta({ id: "ListedLicense" });

export const listedRecord = (listed: ListedLicense, now: number): z.input<typeof listedShape> => ({
  ...licenseRecord(listed.license, listed.licenseKey, now),
  machinesUsed: listed.machinesUsed,
});

export const activationShape = z
  .object({
    fingerprint: z.string().meta({ example: "ab12cd34ef56" }),
    hostname: z.string().meta({ example: "ws-01" }),
    countries: z.array(z.string()).meta({
      description: "Every country it called from, as far as a proxy said it.",
      example: ["CH"],
    }),
    lastCountry: z.string().nullable().meta({ example: "CH" }),
    firstSeen: pastInstant,
    lastSeen: pastInstant,
    sessionActive: z.boolean().meta({ description: "Holds a floating seat now.", example: false }),
  })
  .meta({ id: "Activation" });

export const activationRecord = (
  activation: Activation,
  now: number,
): z.input<typeof activationShape> => ({
  fingerprint: activation.fingerprint,
  hostname: activation.hostname,
  countries: activation.countries,
  lastCountry: activation.lastCountry,
  firstSeen: iso(activation.firstSeen),
  lastSeen: iso(activation.lastSeen),
  sessionActive: activation.seatExpiresAt !== null && activation.seatExpiresAt > now,
});

export const violationShape = z
  .object({
    id: z.string().meta({ description: "Unique on its license.", example: "v1" }),
    type: z.enum(VIOLATION_TYPES).meta({ example: "country_spread" }),
    severity: z.int().meta({ description: "1 past the limit, 2 past twice.", example: 1 }),
    detectedAt: pastInstant,
    resolved: z.boolean().meta({ example: false }),
    resolvedAt: instantOrNone,
    details: z.record(z.string(), z.unknown()).meta({
      description: "What was counted, against which limit, in how many days.",
      example: { count: 6, limit: 5, windowDays: 1 },
    }),
  })
  .meta({ id: "Violation" });

export const violationRecord = (violation: Violation): z.input<typeof violationShape> => ({
  id: violation.id,
  type: violation.type,
  severity: violation.severity,
  detectedAt: iso(violation.detectedAt),
  resolved: violation.resolvedAt !== null,
  resolvedAt: isoOrNull(violation.resolvedAt),
  details: violation.details,
});
