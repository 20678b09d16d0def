import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createApiKey as create } from "../../operations/api-keys/create-api-key.ts";
import { creatorId, text } from "../fields.ts";

export const createApiKey = defineEndpoint({
  name: "createApiKey",
  methods: ["POST"],
  access: "administrator",
  summary: "Create an API key for an account",
  description:
    "The key covers everything the account owns. It is in this answer and never shown again.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [],
  input: z
    .strictObject({
      name: text(200).meta({ example: "shop backend" }),
      creatorId: creatorId.optional(),
      kind: z.enum(["native"], 'must be "native"').optional(),
    })
    .meta({ id: "CreateApiKeyRequest" }),
  output: z
    .object({
      success: z.literal(true),
      keyId: z.uuid(),
      apiKey: z.string().meta({ example: "cgls_example" }),
    })
    .meta({ id: "CreateApiKeyResponse" }),
  async handle(deps, input, principal) {
    const decision = await create(deps, principal, input);
    if (!decision.ok) return decision;
    return { success: true as const, keyId: decision.keyId, apiKey: decision.apiKey };
  },
});
