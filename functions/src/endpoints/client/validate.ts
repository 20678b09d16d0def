import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { validate as validateMachine } from "../../operations/activations/validate.ts";
import { iso, isoInstant, licenseType } from "../fields.ts";
import { standingFields, standingOf } from "./standing.ts";
import { sessionFields, sessionRefusals, sessionSurface } from "./surface.ts";
import { tokenField, usageFields, usageOf } from "./usage.ts";

export const validate = defineEndpoint({
  name: "validate",
  methods: ["POST"],
  access: "public",
  summary: "Check a session token and renew it",
  mutates: true,
  surface: sessionSurface("valid"),
  refusals: sessionRefusals,
  input: z.object(sessionFields).meta({ id: "ValidateRequest" }),
  output: z
    .object({
      valid: z.literal(true),
      token: tokenField,
      expiresAt: isoInstant.meta({ description: "When the new token expires." }),
      ...usageFields,
      ...standingFields,
      licenseType,
    })
    .meta({ id: "ValidateResponse" }),
  async handle(deps, input) {
    const decision = await validateMachine(deps, input);
    if (!decision.ok) return decision;
    const { license } = decision;
    return {
      valid: true as const,
      token: decision.token,
      expiresAt: iso(decision.tokenExpiresAt),
      ...usageOf(decision.usage),
      ...standingOf(license, deps.now()),
      licenseType: license.licenseType,
    };
  },
});
