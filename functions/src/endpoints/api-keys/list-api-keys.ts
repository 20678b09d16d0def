import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listApiKeys as list } from "../../operations/api-keys/list-api-keys.ts";
import { cursor, listedCreatorId, nextCursor, pageLimit } from "../fields.ts";
import { keyRecord, keyShape } from "./records.ts";

export const listApiKeys = defineEndpoint({
  name: "listApiKeys",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "keys:read",
  accountWide: true,
  summary: "API keys, newest first",
  description: "With the admin secret of every account, or of `creatorId`. Never the secrets.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({ creatorId: listedCreatorId, limit: pageLimit, cursor })
    .meta({ id: "ListApiKeysRequest" }),
  output: z
    .object({ success: z.literal(true), keys: z.array(keyShape), nextCursor })
    .meta({ id: "ListApiKeysResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    const now = deps.now();
    const keys = items.map((key) => keyRecord(key, now));
    return { success: true as const, keys, nextCursor: next ?? null };
  },
});
