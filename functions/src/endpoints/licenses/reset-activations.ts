import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { resetActivations as reset } from "../../operations/licenses/reset-activations.ts";
import { licenseKey } from "../fields.ts";

export const resetActivations = defineEndpoint({
  name: "resetActivations",
  methods: ["POST"],
  access: "admin",
  scope: "licenses:write",
  summary: "Forget all machines of a license",
  description:
    "Frees every slot and seat, and starts the hour of activation attempts anew. A machine that activates meanwhile may stay; if the call fails half way, repeat it.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["LICENSE_NOT_FOUND"],
  input: z.strictObject({ licenseKey }).meta({ id: "ResetActivationsRequest" }),
  output: z
    .object({ success: z.literal(true), deletedCount: z.int().meta({ example: 3 }) })
    .meta({ id: "ResetActivationsResponse" }),
  async handle(deps, input, principal) {
    const decision = await reset(deps, principal, input.licenseKey);
    return decision.ok ? { success: true as const, deletedCount: decision.deletedCount } : decision;
  },
});
