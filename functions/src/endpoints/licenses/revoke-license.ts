import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { revokeLicense as revoke } from "../../operations/licenses/revoke-license.ts";
import { licenseKey, text } from "../fields.ts";

export const revokeLicense = defineEndpoint({
  name: "revokeLicense",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Revoke a license",
  description:
    "Blocked at once, until `reinstateLicense`. Revoking it again succeeds and keeps the first reason.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND"],
  input: z
    .strictObject({
      licenseKey,
      reason: text(200).optional().meta({
        description:
          "Shown as `disputeReason`; such as `manual` (the default), `fraud`, `cancelled`.",
        example: "cancelled",
      }),
    })
    .meta({ id: "RevokeLicenseRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "RevokeLicenseResponse" }),
  async handle(deps, input, principal) {
    const decision = await revoke(deps, principal, input, input.reason);
    return decision.ok ? { success: true as const } : decision;
  },
});
