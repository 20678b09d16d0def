import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { getLicense as get } from "../../operations/licenses/get-license.ts";
import { licenseKey } from "../fields.ts";
import {
  activationRecord,
  activationShape,
  licenseRecord,
  licenseShape,
  violationRecord,
  violationShape,
} from "./records.ts";

export const getLicense = defineEndpoint({
  name: "getLicense",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "licenses:read",
  summary: "A license with its machines and violations",
  description: "Up to 1,000 activations, newest first; `machinesUsed` counts them all.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND"],
  input: z.strictObject({ licenseKey }).meta({ id: "GetLicenseRequest" }),
  output: z
    .object({
      success: z.literal(true),
      license: licenseShape,
      activations: z.array(activationShape),
      violations: z.array(violationShape).meta({
        description: "Newest first; of the resolved ones the last 20.",
      }),
      machinesUsed: z.int().meta({ example: 1 }),
    })
    .meta({ id: "GetLicenseResponse" }),
  async handle(deps, input, principal) {
    const decision = await get(deps, principal, input.licenseKey);
    if (!decision.ok) return decision;
    const { license, activations, usage } = decision;
    const now = deps.now();
    return {
      success: true as const,
      license: licenseRecord(license, decision.licenseKey, now),
      activations: activations.map((activation) => activationRecord(activation, now)),
      violations: license.violations.map(violationRecord).reverse(),
      machinesUsed: usage.used,
    };
  },
});
