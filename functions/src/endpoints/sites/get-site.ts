import * as z from "zod";
import { actionState } from "../../core/site-actions.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { getSite as get } from "../../operations/sites/get-site.ts";
import { isoOrNull } from "../fields.ts";
import { actionRecord, siteDetailShape, siteId, siteRecord } from "./records.ts";

export const getSite = defineEndpoint({
  name: "getSite",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "sites:read",
  summary: "A WordPress site with its health data and actions",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["SITE_NOT_FOUND"],
  input: z.strictObject({ siteId }).meta({ id: "GetSiteRequest" }),
  output: z
    .object({ success: z.literal(true), site: siteDetailShape })
    .meta({ id: "GetSiteResponse" }),
  async handle(deps, input, principal) {
    const decision = await get(deps, principal, input.siteId);
    if (!decision.ok) return decision;
    const { site, actions } = decision;
    const now = deps.now();
    const pendingActions = actions.filter((each) => actionState(each, now) === "waiting").length;
    return {
      success: true as const,
      site: {
        ...siteRecord({ site, pendingActions }),
        adminEmail: site.adminEmail,
        healthData: site.healthData === null ? null : JSON.parse(site.healthData),
        healthAt: isoOrNull(site.healthAt),
        actions: actions.map((action) => actionRecord(action, site.id, now)),
      },
    };
  },
});
