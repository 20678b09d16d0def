import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { rotateApiKey as rotate } from "../../operations/api-keys/rotate-api-key.ts";
import { keyId } from "./records.ts";

export const rotateApiKey = defineEndpoint({
  name: "rotateApiKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Give an API key a new secret",
  description:
    "The old secret stops at once; id, name, scopes, products and expiry stay. The new one is in this answer and never shown again.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["API_KEY_NOT_FOUND", "API_KEY_NOT_ROTATABLE", "API_KEY_INACTIVE"],
  input: z.strictObject({ keyId }).meta({ id: "RotateApiKeyRequest" }),
  output: z
    .object({
      success: z.literal(true),
      keyId,
      apiKey: z.string().meta({ example: "cgls_example" }),
    })
    .meta({ id: "RotateApiKeyResponse" }),
  async handle(deps, input, principal) {
    const decision = await rotate(deps, principal, input.keyId);
    if (!decision.ok) return decision;
    return { success: true as const, keyId: input.keyId, apiKey: decision.apiKey };
  },
});
