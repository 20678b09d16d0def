import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { createAction } from "../../operations/sites/create-action.ts";
import { cursor, nextCursor, productId } from "../fields.ts";
import {
  actionType,
  ONE_TARGET,
  oneTarget,
  payload,
  SITE_ID,
  siteId,
  siteTarget,
} from "./records.ts";

export const createPendingAction = defineEndpoint({
  name: "createPendingAction",
  methods: ["POST"],
  access: "admin",
  scope: "sites:write",
  summary: "Queue an action for WordPress sites",
  description:
    "Send one of `siteId`, `licenseKey` and `productId`. A call reaches up to 20 sites; `cursor` goes on. Where an action of the same type and payload is the last that waits, it is not queued again, so a call may be repeated; an earlier one gives way to it. What nobody fetches lapses after 30 days. A revocation or suspension tells its sites by itself.",
  mutates: true,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["SITE_NOT_FOUND", "LICENSE_NOT_FOUND", "PRODUCT_NOT_FOUND", "SITE_ACTIONS_TOO_MANY"],
  input: z
    .strictObject({
      ...siteTarget,
      productId: productId.optional().meta({ description: "Every site of this product." }),
      type: actionType,
      payload: payload.default({}),
      cursor,
    })
    .refine(oneTarget, ONE_TARGET)
    .meta({
      id: "CreatePendingActionRequest",
      example: { siteId: SITE_ID, type: "SHOW_NOTICE", payload: { level: "info", text: "Hello" } },
    }),
  output: z
    .object({
      success: z.literal(true),
      queued: z.int().meta({ description: "How many were not waiting already.", example: 1 }),
      actions: z.array(
        z.object({
          id: z.uuid().meta({ example: "0b8f6a52-4c3d-4e2f-8a1b-9c0d1e2f3a4b" }),
          siteId,
        }),
      ),
      full: z.array(z.uuid()).meta({
        description: "Sites of the license or product for which 100 actions wait already.",
        example: [],
      }),
      nextCursor,
    })
    .meta({ id: "CreatePendingActionResponse" }),
  async handle(deps, { cursor: after, payload, ...ask }, principal) {
    const wanted = { ...ask, payload: JSON.stringify(payload), after };
    const decision = await createAction(deps, principal, wanted);
    if (!decision.ok) return decision;
    const { queued, actions, full, next } = decision;
    return {
      success: true as const,
      queued,
      actions: [...actions],
      full: [...full],
      nextCursor: next ?? null,
    };
  },
});
