import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { resolveLicense as resolve } from "../../operations/licenses/resolve-license.ts";
import { licenseKey, text } from "../fields.ts";
import { licenseRecord, licenseShape } from "./records.ts";

export const resolveLicense = defineEndpoint({
  name: "resolveLicense",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Resolve violations of a license",
  description:
    "The threat level and the status follow from what is left unresolved. A status that was set by " +
    "hand, and a revoked license, stay as they are.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND", "VIOLATION_NOT_FOUND"],
  input: z
    .strictObject({
      licenseKey,
      violationIds: z
        .array(text(64), "must be a list of ids")
        .min(1, "must name at least one violation")
        .max(100, "must name at most 100 violations")
        .optional()
        .meta({
          description: "Ids of `getLicense`; all of the license's when left out.",
          example: ["v1"],
        }),
    })
    .meta({ id: "ResolveLicenseRequest" }),
  output: z
    .object({
      success: z.literal(true),
      resolvedCount: z.int().meta({ example: 1 }),
      license: licenseShape,
    })
    .meta({ id: "ResolveLicenseResponse" }),
  async handle(deps, input, principal) {
    const decision = await resolve(deps, principal, input);
    if (!decision.ok) return decision;
    const { license, licenseKey, resolvedCount } = decision;
    return {
      success: true as const,
      resolvedCount,
      license: licenseRecord(license, licenseKey, deps.now()),
    };
  },
});
