import * as z from "zod";
import { GRANT_SOURCES } from "../../core/subscriptions.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { grantEntitlement as grant } from "../../operations/entitlements/grant-entitlement.ts";
import { expiry, instantOrNone, isoOrNull } from "../fields.ts";
import { grantFields } from "./fields.ts";

const source = z.enum(GRANT_SOURCES, `must be one of ${GRANT_SOURCES.join(", ")}`).meta({
  description: "What the user is shown as its reason; `gift` unless said.",
  example: "gift",
});

export const grantEntitlement = defineEndpoint({
  name: "grantEntitlement",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Give a user of the dashboard a feature without a subscription",
  description: "Granted again it has the new terms.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND", "EXPIRY_PAST"],
  input: z
    .strictObject({ ...grantFields, source: source.optional(), expiresAt: expiry.optional() })
    .meta({ id: "GrantEntitlementRequest" }),
  output: z
    .object({
      success: z.literal(true),
      entitlement: z.object({
        feature: z.string().meta({ example: "export" }),
        productId: z.string().meta({ example: "prod_abc123" }),
        source,
        expiresAt: instantOrNone,
      }),
    })
    .meta({ id: "GrantEntitlementResponse" }),
  async handle(deps, { source = "gift", expiresAt = null, ...ask }, principal) {
    const decision = await grant(deps, principal, { ...ask, source, expiresAt });
    if (!decision.ok) return decision;
    const { feature, expiresAt: until } = decision.grant;
    const productId = decision.product.handle;
    return {
      success: true as const,
      entitlement: { feature, productId, source, expiresAt: isoOrNull(until) },
    };
  },
});
