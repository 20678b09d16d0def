import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createLicense as create } from "../../operations/licenses/create-license.ts";
import { creatorId, licenseKey } from "../fields.ts";
import { newLicenseFields } from "./terms.ts";

export const createLicense = defineEndpoint({
  name: "createLicense",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Create a license",
  description:
    "What is left out comes from the variant, else from the defaults: per-machine, 2 machines, perpetual. A bundle's license unlocks what the product's `unlocks` names.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "PRODUCT_ARCHIVED", "VARIANT_INACTIVE", "ACCOUNT_FIXED"],
  input: z
    .strictObject({ ...newLicenseFields, creatorId: creatorId.optional() })
    .meta({ id: "CreateLicenseRequest" }),
  output: z.object({ success: z.literal(true), licenseKey }).meta({ id: "CreateLicenseResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    return decision.ok ? { success: true as const, licenseKey: decision.licenseKey } : decision;
  },
});
