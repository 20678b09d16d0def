import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { revokeEntitlement as revoke } from "../../operations/entitlements/grant-entitlement.ts";
import { grantFields } from "./fields.ts";

export const revokeEntitlement = defineEndpoint({
  name: "revokeEntitlement",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Take back a feature that was granted",
  description: "What a subscription entitles to stays.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["PRODUCT_NOT_FOUND"],
  input: z.strictObject(grantFields).meta({ id: "RevokeEntitlementRequest" }),
  output: z
    .object({
      success: z.literal(true),
      revoked: z.boolean().meta({ description: "Whether there was one.", example: true }),
    })
    .meta({ id: "RevokeEntitlementResponse" }),
  async handle(deps, ask, principal) {
    const decision = await revoke(deps, principal, ask);
    return decision.ok ? { success: true as const, revoked: decision.revoked } : decision;
  },
});
