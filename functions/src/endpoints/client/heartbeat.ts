import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { heartbeat as beat } from "../../operations/activations/heartbeat.ts";
import { iso, isoInstant, licenseKey, machineFingerprint, sessionToken } from "../fields.ts";
import { standingFields, standingOf } from "./standing.ts";

/** The documented interval; a seat outlives three missed ones. */
const INTERVAL_SECONDS = 300;

export const heartbeat = defineEndpoint({
  name: "heartbeat",
  methods: ["POST"],
  access: "public",
  summary: "Keep a floating seat",
  description: "Renews the machine's seat; takes one back when it had lapsed and one is free.",
  mutates: true,
  surface: nativeSurface({
    failure: "success",
    missingFields: "Missing required fields",
    // As in validate: the token was good.
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
    .meta({ id: "HeartbeatRequest" }),
  output: z
    .object({
      success: z.literal(true),
      expiresAt: isoInstant.meta({
        description:
          "When the seat lapses without another heartbeat; without seats, the token's end.",
      }),
      nextHeartbeatSeconds: z.int().meta({ example: INTERVAL_SECONDS }),
      seatsUsed: z.int().meta({ example: 4 }),
      maxConcurrent: z.int().meta({ description: "-1 is unlimited.", example: 5 }),
      status: standingFields.status,
    })
    .meta({ id: "HeartbeatResponse" }),
  async handle(deps, input) {
    const decision = await beat(deps, input);
    if (!decision.ok) return decision;
    return {
      success: true as const,
      expiresAt: iso(decision.expiresAt),
      nextHeartbeatSeconds: INTERVAL_SECONDS,
      seatsUsed: decision.usage.used,
      maxConcurrent: decision.usage.limit,
      status: standingOf(decision.license).status,
    };
  },
});
