import * as z from "zod";
import type { License } from "../../core/records.ts";
import { iso, isoInstant, isoOrNull } from "../fields.ts";

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

function messageOf(license: License): string {
  if (license.status !== "degraded") return "License is active";
  return license.suspendsAt === null
    ? "License is degraded. Contact the vendor to resolve it."
    : `License will be suspended on ${iso(license.suspendsAt)}. Contact the vendor to resolve it.`;
}

export function standingOf(license: License) {
  return {
    status: license.status === "degraded" ? "degraded" : "active",
    variant: license.variant,
    message: messageOf(license),
    licenseExpiresAt: isoOrNull(license.expiresAt),
  } as const;
}
