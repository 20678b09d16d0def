import * as z from "zod";
import { SCOPES } from "../../core/api-keys.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createApiKey as create } from "../../operations/api-keys/create-api-key.ts";
import { createCodegateKey } from "../../operations/api-keys/create-codegate-key.ts";
import { creatorId, expiry, productId, text } from "../fields.ts";
import { keyId } from "./records.ts";

export const createApiKey = defineEndpoint({
  name: "createApiKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Create an API key for an account",
  description:
    "Without `scopes` and `productIds` the key covers everything the account owns. It is in this answer and never shown again. One of `kind` `codegate` is for the CodeGate SDKs and one product, `productId`; it has a `secret` besides, and the product's former key of that kind stops at once.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["EXPIRY_PAST", "PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      name: text(200).meta({ example: "shop backend" }),
      creatorId: creatorId.optional(),
      kind: z
        .enum(["native", "codegate"], 'must be "native" or "codegate"')
        .default("native")
        .meta({ example: "native" }),
      productId: productId
        .optional()
        .meta({ description: "Of a `codegate` key: the product it is for." }),
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
    .check(({ value, issues }) => {
      const unfit: readonly (keyof typeof value)[] =
        value.kind === "native" ? ["productId"] : ["scopes", "productIds"];
      for (const field of unfit) {
        const message = `is not a field of a ${value.kind} key`;
        if (value[field] !== undefined) {
          issues.push({ code: "custom", path: [field], message, input: value });
        }
      }
      if (value.kind === "codegate" && value.productId === undefined) {
        const message = "is required";
        issues.push({ code: "custom", path: ["productId"], message, input: value });
      }
    })
    .meta({
      id: "CreateApiKeyRequest",
      example: {
        name: "shop backend",
        creatorId: "studio-one",
        scopes: ["licenses:read"],
        productIds: ["prod_abc123"],
      },
    }),
  output: z
    .object({
      success: z.literal(true),
      keyId,
      apiKey: z.string().meta({ example: "cgls_example" }),
      secret: z.string().optional().meta({ description: "Of a `codegate` key: 64 hex digits." }),
      projectId: z
        .string()
        .optional()
        .meta({ description: "Of a `codegate` key: what its SDKs call the product." }),
    })
    .meta({ id: "CreateApiKeyResponse" }),
  async handle(deps, { kind, productId, ...input }, principal) {
    const decision =
      kind === "codegate" && productId !== undefined
        ? await createCodegateKey(deps, principal, { ...input, productId })
        : await create(deps, principal, input);
    if (!decision.ok) return decision;
    const { ok: _, ...made } = decision;
    return { success: true as const, ...made };
  },
});
