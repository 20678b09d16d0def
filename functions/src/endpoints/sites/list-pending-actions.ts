import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { listActions } from "../../operations/sites/list-actions.ts";
import { cursor, nextCursor, pageLimit, productId } from "../fields.ts";
import {
  actionRecord,
  actionShape,
  ONE_TARGET,
  oneTarget,
  SITE_ID,
  siteTarget,
} from "./records.ts";

export const listPendingActions = defineEndpoint({
  name: "listPendingActions",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "sites:read",
  summary: "What waits for WordPress sites, and what they were last given",
  description:
    "Send one of `siteId`, `licenseKey` and `productId`. A page is `limit` sites, at most 100, each with all its actions.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["SITE_NOT_FOUND", "LICENSE_NOT_FOUND", "PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      ...siteTarget,
      productId: productId
        .optional()
        .meta({ description: "Every site of this product.", example: undefined }),
      limit: pageLimit,
      cursor,
    })
    .refine(oneTarget, ONE_TARGET)
    .meta({ id: "ListPendingActionsRequest", example: { siteId: SITE_ID, limit: 100 } }),
  output: z
    .object({ success: z.literal(true), actions: z.array(actionShape), nextCursor })
    .meta({ id: "ListPendingActionsResponse" }),
  async handle(deps, { cursor: after, ...ask }, principal) {
    const decision = await listActions(deps, principal, { ...ask, after });
    if (!decision.ok) return decision;
    const now = deps.now();
    return {
      success: true as const,
      actions: decision.actions.map((action) => actionRecord(action, action.siteId, now)),
      nextCursor: decision.next ?? null,
    };
  },
});
