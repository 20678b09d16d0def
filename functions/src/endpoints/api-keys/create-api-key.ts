import * as z from "zod";
import { GECKOGUARD_SCOPES, KEY_KINDS, PROXGATE_SCOPES, SCOPES } from "../../core/api-keys.ts";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createApiKey as create } from "../../operations/api-keys/create-api-key.ts";
import { createCodegateKey } from "../../operations/api-keys/create-codegate-key.ts";
import { createGeckoguardKey } from "../../operations/api-keys/create-geckoguard-key.ts";
import { creatorId, expiry, flag, productId, text } from "../fields.ts";
import { unfitFields } from "./kinds.ts";
import { keyId } from "./records.ts";

const SCOPES_OF_ANY = [...SCOPES, ...PROXGATE_SCOPES, ...GECKOGUARD_SCOPES] as const;
const scope = z.enum(SCOPES_OF_ANY, `must be one of ${SCOPES_OF_ANY.join(", ")}`);

export const createApiKey = defineEndpoint({
  name: "createApiKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Create an API key for an account",
  description:
    "Without `scopes` and `productIds` the key covers everything the account owns. It is in this answer and never shown again. One of `kind` `codegate` is for the CodeGate SDKs and one product, `productId`; it has a `secret` besides, and the product's former key of that kind stops at once. One of `kind` `proxgate` is for ProxGate clients; it covers the account. One of `kind` `geckoguard` is for GeckoGuard clients and one product, `productId`, which they call `productUuid`.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["EXPIRY_PAST", "PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      name: text(200).meta({ example: "shop backend" }),
      creatorId: creatorId.optional().meta({
        description: "The key's account; when left out, that of `productId`, else `default`.",
      }),
      kind: z
        .enum(KEY_KINDS, `must be one of ${KEY_KINDS.join(", ")}`)
        .default("native")
        .meta({ example: "native" }),
      productId: productId
        .optional()
        .meta({ description: "Of a `codegate` or `geckoguard` key: the product it is for." }),
      test: flag.optional().meta({
        description: "Of a `proxgate` key: begins with `pk_test_`, and opens the same.",
        example: false,
      }),
      expiresAt: expiry.optional().meta({ description: "ISO 8601; null is never." }),
      scopes: z
        .array(scope, "must be a list of scopes")
        .min(1, "must name at least one scope")
        .max(SCOPES.length, "must name each scope once")
        .optional()
        .meta({ description: "Of the key's kind; all when left out.", example: ["licenses:read"] }),
      productIds: z
        .array(productId, "must be a list of product ids")
        .min(1, "must name at least one product")
        .max(50, "must name at most 50 products")
        .optional()
        .meta({ description: "Products of the account the key is bound to." }),
    })
    .check(({ value, issues }) => {
      for (const { path, message } of unfitFields(value)) {
        issues.push({ code: "custom", path, message, input: value });
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
      productUuid: z
        .string()
        .optional()
        .meta({ description: "Of a `geckoguard` key: what its clients call the product." }),
    })
    .meta({ id: "CreateApiKeyResponse" }),
  async handle(deps, { kind, productId = "", ...ask }, principal) {
    if (kind === "geckoguard") {
      const made = await createGeckoguardKey(deps, principal, { ...ask, productId });
      if (!made.ok) return made;
      const { id: keyId, productId: productUuid } = made.key;
      return { success: true as const, keyId, apiKey: made.apiKey, productUuid: productUuid ?? "" };
    }
    const decision =
      kind === "codegate"
        ? await createCodegateKey(deps, principal, { ...ask, productId })
        : await create(deps, principal, { ...ask, kind });
    if (!decision.ok) return decision;
    const { ok: _, ...made } = decision;
    return { success: true as const, ...made };
  },
});
