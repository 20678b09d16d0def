import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { reinstateLicense as reinstate } from "../../operations/licenses/reinstate-license.ts";
import { licenseKey } from "../fields.ts";

export const reinstateLicense = defineEndpoint({
  name: "reinstateLicense",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Make a revoked or suspended license good again",
  description: "The status is `active`, the threat level 0, and the reason of the revocation gone.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND"],
  input: z.strictObject({ licenseKey }).meta({ id: "ReinstateLicenseRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "ReinstateLicenseResponse" }),
  async handle(deps, input, principal) {
    const decision = await reinstate(deps, principal, input);
    return decision.ok ? { success: true as const } : decision;
  },
});
