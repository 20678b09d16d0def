import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { validate as validateMachine } from "../../operations/activations/validate.ts";
import {
  iso,
  isoInstant,
  licenseKey,
  licenseType,
  machineFingerprint,
  sessionToken,
} from "../fields.ts";
import { standingFields, standingOf } from "./standing.ts";
import { tokenField, usageFields, usageOf } from "./usage.ts";

export const validate = defineEndpoint({
  name: "validate",
  methods: ["POST"],
  access: "public",
  summary: "Check a session token and renew it",
  mutates: true,
  surface: nativeSurface({
    failure: "valid",
    missingFields: "Missing required fields",
    // The token was good: it is the machine that may no longer use the license.
    statuses: { NOT_ACTIVATED: 403 },
  }),
  refusals: [
    "LICENSE_NOT_FOUND",
    "TOKEN_INVALID",
    "TOKEN_EXPIRED",
    "LICENSE_REVOKED",
    "LICENSE_SUSPENDED",
    "LICENSE_EXPIRED",
    "NOT_ACTIVATED",
    "SEAT_LIMIT_REACHED",
  ],
  input: z
    .object({ licenseKey, machineFingerprint, token: sessionToken })
    .meta({ id: "ValidateRequest" }),
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
      ...standingOf(license),
      licenseType: license.licenseType,
    };
  },
});
