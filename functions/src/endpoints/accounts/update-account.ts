import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { updateAccount as update } from "../../operations/accounts/update-account.ts";
import { accountId } from "../fields.ts";
import { accountRecord, accountShape, plan } from "./records.ts";

export const updateAccount = defineEndpoint({
  name: "updateAccount",
  methods: ["POST"],
  access: "administrator",
  summary: "Give an account a plan",
  description:
    "Makes the account if it is new. Every process feels the plan within a minute, from the next minute of requests on.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: [],
  input: z.strictObject({ creatorId: accountId, plan }).meta({ id: "UpdateAccountRequest" }),
  output: z
    .object({ success: z.literal(true), account: accountShape })
    .meta({ id: "UpdateAccountResponse" }),
  async handle(deps, input, principal) {
    const ask = { accountId: input.creatorId, plan: input.plan };
    const decision = await update(deps, principal, ask);
    if (!decision.ok) return decision;
    return { success: true as const, account: accountRecord(decision.account) };
  },
});
