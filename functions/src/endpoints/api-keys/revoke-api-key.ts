import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { revokeApiKey as revoke } from "../../operations/api-keys/revoke-api-key.ts";
import { iso, pastInstant } from "../fields.ts";
import { keyId } from "./records.ts";

export const revokeApiKey = defineEndpoint({
  name: "revokeApiKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Revoke an API key",
  description: "It stops at once, everywhere and for good. A second time changes nothing.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["API_KEY_NOT_FOUND"],
  input: z.strictObject({ keyId }).meta({ id: "RevokeApiKeyRequest" }),
  output: z
    .object({ success: z.literal(true), keyId, revokedAt: pastInstant })
    .meta({ id: "RevokeApiKeyResponse" }),
  async handle(deps, input, principal) {
    const decision = await revoke(deps, principal, input.keyId);
    if (!decision.ok) return decision;
    return { success: true as const, keyId: input.keyId, revokedAt: iso(decision.revokedAt) };
  },
});
