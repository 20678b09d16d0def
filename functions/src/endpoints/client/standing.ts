import * as z from "zod";
import { endOf, isInGrace, statusAt } from "../../core/licenses.ts";
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

/** What ends the license first is what its user should know. */
function messageOf(license: License, now: number): string {
  if (statusAt(license, now) !== "degraded") return "License is active";
  const { suspendsAt } = license;
  if (suspendsAt !== null && suspendsAt <= endOf(license)) {
    return `License will be suspended on ${iso(suspendsAt)}. Contact the vendor to resolve it.`;
  }
  return isInGrace(license, now)
    ? `License has expired; it works until ${iso(endOf(license))}. Renew it.`
    : "License is degraded. Contact the vendor to resolve it.";
}

export function standingOf(license: License, now: number) {
  return {
    status: statusAt(license, now) === "degraded" ? "degraded" : "active",
    variant: license.variant,
    message: messageOf(license, now),
    licenseExpiresAt: isoOrNull(license.expiresAt),
  } as const;
}
