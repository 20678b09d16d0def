import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listAuditLog as list } from "../../operations/audit-log/list-audit-log.ts";
import { cursor, instant, listedCreatorId, nextCursor, pageLimit, text } from "../fields.ts";
import { entryRecord, entryShape } from "./records.ts";

const ONE = "give at most one of action, targetId and keyId";

export const listAuditLog = defineEndpoint({
  name: "listAuditLog",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "audit:read",
  accountWide: true,
  summary: "Who changed what, newest first",
  description: "With the admin secret of every account, or of `creatorId`.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED"],
  input: z
    .strictObject({
      creatorId: listedCreatorId,
      action: text(64).optional().meta({ example: "license.create" }),
      targetId: text(128).optional(),
      keyId: z.uuid("must be a key's id").optional().meta({ description: "The key that did it." }),
      from: instant
        .optional()
        .meta({ description: "The earliest instant.", example: "2026-11-01T00:00:00Z" }),
      to: instant.optional().meta({
        description: "The first instant that is too late.",
        example: "2026-12-01T00:00:00Z",
      }),
      limit: pageLimit,
      cursor,
    })
    .superRefine((ask, context) => {
      const given = (["action", "targetId", "keyId"] as const).filter((name) => ask[name]);
      if (given.length > 1)
        context.addIssue({ code: "custom", path: given.slice(0, 1), message: ONE });
    })
    .meta({ id: "ListAuditLogRequest", description: `Filters: ${ONE}.` }),
  output: z
    .object({ success: z.literal(true), entries: z.array(entryShape), nextCursor })
    .meta({ id: "ListAuditLogResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await list(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const { items, next } = decision.page;
    const entries = items.map(entryRecord);
    return { success: true as const, entries, nextCursor: next ?? null };
  },
});
