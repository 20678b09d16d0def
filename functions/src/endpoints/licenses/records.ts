import * as z from "zod";
import type { Activation, License } from "../../core/records.ts";
import type { ListedLicense } from "../../operations/licenses/list-licenses.ts";
import { iso, isoInstant, isoOrNull, licenseType } from "../fields.ts";

const optionalText = z.string().nullable();

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
    status: licenseStatus,
    threatLevel: z.int().meta({ example: 0 }),
    maxMachines: z.int().meta({ example: 3 }),
    maxConcurrent: z.int().nullable(),
    createdAt: isoInstant,
    purchasedAt: isoInstant.nullable(),
    expiresAt: isoInstant.nullable(),
    discountCode: optionalText,
    purchaseId: optionalText,
    bundleId: optionalText,
    unlockedProducts: z.array(z.string()),
    disputeReason: optionalText,
    disputedAt: isoInstant.nullable(),
    unresolvedViolationsCount: z.int().meta({ example: 0 }),
  })
  .meta({ id: "License" });

export const licenseRecord = (license: License, key: string): z.input<typeof licenseShape> => ({
  key,
  email: license.email,
  productId: license.productHandle,
  variant: license.variant,
  licenseType: license.licenseType,
  status: license.status,
  threatLevel: license.threatLevel,
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
  unresolvedViolationsCount: 0,
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

export const listedRecord = (listed: ListedLicense): z.input<typeof listedShape> => ({
  ...licenseRecord(listed.license, listed.licenseKey),
  machinesUsed: listed.machinesUsed,
});

export const activationShape = z
  .object({
    fingerprint: z.string().meta({ example: "ab12cd34ef56" }),
    hostname: z.string().meta({ example: "ws-01" }),
    countries: z.array(z.string()).meta({ description: "Empty: no country is recorded yet." }),
    lastCountry: z.string().nullable(),
    firstSeen: isoInstant,
    lastSeen: isoInstant,
    sessionActive: z.boolean().meta({ description: "Holds a floating seat now." }),
  })
  .meta({ id: "Activation" });

export const activationRecord = (
  activation: Activation,
  now: number,
): z.input<typeof activationShape> => ({
  fingerprint: activation.fingerprint,
  hostname: activation.hostname,
  countries: [],
  lastCountry: null,
  firstSeen: iso(activation.firstSeen),
  lastSeen: iso(activation.lastSeen),
  sessionActive: activation.seatExpiresAt !== null && activation.seatExpiresAt > now,
});
