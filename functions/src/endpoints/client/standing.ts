import * as z from "zod";
import type { License } from "../../core/records.ts";
import { isoInstant, isoOrNull } from "../fields.ts";

/** What every client answer says of the license. */
export const standingFields = {
  status: z.enum(["active", "degraded"]).meta({ example: "active" }),
  variant: z.string().meta({ example: "pro" }),
  message: z.string().meta({ example: "License is active" }),
  licenseExpiresAt: isoInstant.nullable().meta({
    description: "Null for a perpetual license.",
    example: "2027-12-31T00:00:00.000Z",
  }),
};

const MESSAGES = {
  active: "License is active",
  degraded: "License is degraded. Contact the vendor to resolve it.",
} as const;

export function standingOf(license: License) {
  const status = license.status === "degraded" ? "degraded" : "active";
  return {
    status,
    variant: license.variant,
    message: MESSAGES[status],
    licenseExpiresAt: isoOrNull(license.expiresAt),
  } as const;
}
