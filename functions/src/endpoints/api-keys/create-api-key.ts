import * as z from "zod";
import { SCOPES } from "../../core/api-keys.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createApiKey as create } from "../../operations/api-keys/create-api-key.ts";
import { creatorId, expiry, productId, text } from "../fields.ts";
import { keyId } from "./records.ts";

export const createApiKey = defineEndpoint({
  name: "createApiKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Create an API key for an account",
  description:
    "Without `scopes` and `productIds` the key covers everything the account owns. It is in this answer and never shown again.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["EXPIRY_PAST", "PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      name: text(200).meta({ example: "shop backend" }),
      creatorId: creatorId.optional(),
      kind: z.enum(["native"], 'must be "native"').optional().meta({ example: "native" }),
      expiresAt: expiry.optional().meta({ description: "ISO 8601; null is never." }),
      scopes: z
        .array(z.enum(SCOPES, `must be one of ${SCOPES.join(", ")}`), "must be a list of scopes")
        .min(1, "must name at least one scope")
        .max(SCOPES.length, "must name each scope once")
        .optional()
        .meta({ description: "All when left out.", example: ["licenses:read"] }),
      productIds: z
        .array(productId, "must be a list of product ids")
        .min(1, "must name at least one product")
        .max(50, "must name at most 50 products")
        .optional()
        .meta({ description: "Products of the account the key is bound to." }),
    })
    .meta({ id: "CreateApiKeyRequest" }),
  output: z
    .object({
      success: z.literal(true),
      keyId,
      apiKey: z.string().meta({ example: "cgls_example" }),
    })
    .meta({ id: "CreateApiKeyResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    if (!decision.ok) return decision;
    return { success: true as const, keyId: decision.keyId, apiKey: decision.apiKey };
  },
});
