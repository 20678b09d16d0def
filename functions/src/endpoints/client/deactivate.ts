import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { deactivate as deactivateMachine } from "../../operations/activations/deactivate.ts";
import { licenseKey, machineFingerprint } from "../fields.ts";
import { clientSurface } from "./surface.ts";
import { usageFields, usageOf } from "./usage.ts";

const DONE = "Machine has been deactivated";

export const deactivate = defineEndpoint({
  name: "deactivate",
  methods: ["POST"],
  access: "public",
  summary: "Release a machine",
  description: "Frees the machine's slot or seat. Works on expired and revoked licenses too.",
  mutates: true,
  surface: clientSurface("success"),
  refusals: ["LICENSE_NOT_FOUND", "NOT_ACTIVATED"],
  input: z.object({ licenseKey, machineFingerprint }).meta({ id: "DeactivateRequest" }),
  output: z
    .object({
      success: z.literal(true),
      ...usageFields,
      message: z.string().meta({ example: DONE }),
    })
    .meta({ id: "DeactivateResponse" }),
  async handle(deps, input) {
    const decision = await deactivateMachine(deps, input);
    if (!decision.ok) return decision;
    return {
      success: true as const,
      ...usageOf(decision.usage),
      message: DONE,
    };
  },
});
