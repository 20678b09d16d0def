import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateLicense as update } from "../../operations/licenses/update-license.ts";
import { email, expiry, handle, licenseKey, slots } from "../fields.ts";
import { licenseStatus } from "./records.ts";

export const updateLicense = defineEndpoint({
  name: "updateLicense",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Change a license",
  description:
    "Send what changes. A limit below what is in use keeps the machines that are there and lets no new one in. `status` may be set by hand: `revoked` is what `revokeLicense` does, `active` what `reinstateLicense` does.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND"],
  input: z
    .strictObject({
      licenseKey,
      variant: handle(128).optional().meta({ example: "pro" }),
      maxMachines: slots.optional().meta({ description: "-1 is unlimited.", example: 3 }),
      maxConcurrent: slots
        .nullable()
        .optional()
        .meta({
          description: "Seats of a floating license; null for `maxMachines`.",
          examples: [5],
        }),
      status: licenseStatus.optional(),
      expiresAt: expiry.optional(),
      email: email.optional(),
      licenseType: z.unknown().optional().meta({
        description: "Accepted and ignored: a license keeps its type.",
      }),
    })
    .meta({ id: "UpdateLicenseRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "UpdateLicenseResponse" }),
  async handle(deps, { licenseType: _, ...input }, principal) {
    const decision = await update(deps, principal, input);
    return decision.ok ? { success: true as const } : decision;
  },
});
