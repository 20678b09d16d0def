import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { activate as activateMachine } from "../../operations/activations/activate.ts";
import { hostname, iso, isoInstant, licenseKey, machineFingerprint, productId } from "../fields.ts";
import { standingFields, standingOf } from "./standing.ts";
import { clientSurface } from "./surface.ts";
import { tokenField, usageFields, usageOf } from "./usage.ts";

export const activate = defineEndpoint({
  name: "activate",
  methods: ["POST"],
  access: "public",
  summary: "Activate a license on a machine",
  description:
    "Binds the key to a machine, or takes a floating seat, and returns a session token. The same " +
    "machine may activate again at no cost of a slot.",
  mutates: true,
  surface: clientSurface("success"),
  refusals: [
    "LICENSE_NOT_FOUND",
    "RATE_LIMITED",
    "LICENSE_REVOKED",
    "LICENSE_SUSPENDED",
    "LICENSE_EXPIRED",
    "WRONG_PRODUCT",
    "MACHINE_LIMIT_REACHED",
    "SEAT_LIMIT_REACHED",
  ],
  input: z
    .object({ licenseKey, machineFingerprint, hostname, productId })
    .meta({ id: "ActivateRequest" }),
  output: z
    .object({
      success: z.literal(true),
      token: tokenField,
      expiresAt: isoInstant.meta({ description: "When the token expires." }),
      ...usageFields,
      ...standingFields,
    })
    .meta({ id: "ActivateResponse" }),
  async handle(deps, input) {
    const decision = await activateMachine(deps, input);
    if (!decision.ok) return decision;
    return {
      success: true as const,
      token: decision.token,
      expiresAt: iso(decision.tokenExpiresAt),
      ...usageOf(decision.usage),
      ...standingOf(decision.license, deps.now()),
    };
  },
});
