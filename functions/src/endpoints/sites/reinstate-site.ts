import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { reinstateSite as reinstate } from "../../operations/sites/change-site-status.ts";
import { siteId } from "./records.ts";

export const reinstateSite = defineEndpoint({
  name: "reinstateSite",
  methods: ["POST"],
  access: "admin",
  scope: "sites:write",
  summary: "Let a revoked WordPress site register again",
  description: "It gets a new token when it does; the old one stays void.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["SITE_NOT_FOUND"],
  input: z.strictObject({ siteId }).meta({ id: "ReinstateSiteRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "ReinstateSiteResponse" }),
  async handle(deps, input, principal) {
    const decision = await reinstate(deps, principal, input.siteId);
    return decision.ok ? { success: true as const } : decision;
  },
});
