import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { heartbeat as beat } from "../../operations/activations/heartbeat.ts";
import { iso, isoInstant } from "../fields.ts";
import { standingFields, standingOf } from "./standing.ts";
import { sessionFields, sessionRefusals, sessionSurface } from "./surface.ts";

/** The documented interval; a seat outlives three missed ones. */
const INTERVAL_SECONDS = 300;

export const heartbeat = defineEndpoint({
  name: "heartbeat",
  methods: ["POST"],
  access: "public",
  summary: "Keep a floating seat",
  description: "Renews the machine's seat; takes one back when it had lapsed and one is free.",
  mutates: true,
  surface: sessionSurface("success"),
  refusals: sessionRefusals,
  input: z.object(sessionFields).meta({ id: "HeartbeatRequest" }),
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
      status: standingOf(decision.license, deps.now()).status,
    };
  },
});
