import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { deactivateMachine as deactivate } from "../../operations/licenses/deactivate-machine.ts";
import { licenseKey, machineFingerprint } from "../fields.ts";

export const deactivateMachine = defineEndpoint({
  name: "deactivateMachine",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Release one machine of a license",
  description: "For a machine that is lost. What `getLicense` calls `fingerprint` names it.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND", "NOT_ACTIVATED"],
  input: z
    .strictObject({ licenseKey, machineFingerprint })
    .meta({ id: "DeactivateMachineRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "DeactivateMachineResponse" }),
  async handle(deps, input, principal) {
    const decision = await deactivate(deps, principal, input);
    return decision.ok ? { success: true as const } : decision;
  },
});
