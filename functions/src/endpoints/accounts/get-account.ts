import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { getAccount as get } from "../../operations/accounts/get-account.ts";
import { accountId } from "../fields.ts";
import { accountRecord, accountShape } from "./records.ts";

export const getAccount = defineEndpoint({
  name: "getAccount",
  methods: ["GET", "POST"],
  access: "administrator",
  summary: "An account and its plan",
  description: "An account is made with the first thing it owns, or by `updateAccount`.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_NOT_FOUND"],
  input: z.strictObject({ creatorId: accountId }).meta({ id: "GetAccountRequest" }),
  output: z
    .object({ success: z.literal(true), account: accountShape })
    .meta({ id: "GetAccountResponse" }),
  async handle(deps, input) {
    const decision = await get(deps, input.creatorId);
    if (!decision.ok) return decision;
    return { success: true as const, account: accountRecord(decision.account) };
  },
});
