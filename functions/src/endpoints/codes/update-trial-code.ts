import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateCode } from "../../operations/codes/update-code.ts";
import { codeLimits, codeReference, trialDays } from "./records.ts";

export const updateTrialCode = defineEndpoint({
  name: "updateTrialCode",
  methods: ["POST"],
  access: "admin",
  scope: "codes:write",
  accountWide: true,
  summary: "Change a trial code",
  description: "What is left out stays.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND", "CODE_NOT_FOUND"],
  input: z
    .strictObject({
      ...codeReference,
      trialDays: trialDays.optional(),
      ...codeLimits,
    })
    .meta({ id: "UpdateTrialCodeRequest" }),
  output: z.object({ success: z.literal(true) }).meta({ id: "UpdateTrialCodeResponse" }),
  async handle(deps, { code, productId, creatorId, ...changes }, principal) {
    const reference = { code, productId, creatorId, kind: "trial" } as const;
    const decision = await updateCode(deps, principal, reference, changes);
    return decision.ok ? { success: true as const } : decision;
  },
});
