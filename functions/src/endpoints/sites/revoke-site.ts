import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { revokeSite as revoke } from "../../operations/sites/change-site-status.ts";
import { siteId } from "./records.ts";

export const revokeSite = defineEndpoint({
  name: "revokeSite",
  methods: ["POST"],
  access: "admin",
  scope: "sites:write",
  summary: "Turn a WordPress site away",
  description:
    "Its token stops at once and it cannot register, until `reinstateSite`. Its license and the slot on it stay.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["SITE_NOT_FOUND"],
  input: z.strictObject({ siteId }).meta({ id: "RevokeSiteRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "RevokeSiteResponse" }),
  async handle(deps, input, principal) {
    const decision = await revoke(deps, principal, input.siteId);
    return decision.ok ? { success: true as const } : decision;
  },
});
