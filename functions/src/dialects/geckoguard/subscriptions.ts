import * as z from "zod";
import type { Subscription } from "../../core/subscriptions.ts";
import {
  cancelSubscription as cancel,
  reactivateSubscription as reactivate,
} from "../../operations/subscriptions/change-subscription.ts";
import {
  listSubscriptions as list,
  listEntitlements as listFeatures,
} from "../../operations/subscriptions/list-subscriptions.ts";
import { startSubscription as start } from "../../operations/subscriptions/start-subscription.ts";
import { userRoute } from "./dashboard-route.ts";
import { iso, isoOrNull, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";

const subscriptionItem = (subscription: Subscription) => ({
  id: subscription.id,
  planId: subscription.planId,
  productId: subscription.productId,
  status: subscription.status,
  currentPeriodStart: iso(subscription.currentPeriodStart),
  currentPeriodEnd: iso(subscription.currentPeriodEnd),
  cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
  canceledAt: isoOrNull(subscription.canceledAt),
});

export const listSubscriptions = userRoute({
  method: "GET",
  path: "/v1/dashboard/subscriptions",
  query: z.object(paging()),
  async handle(deps, caller, { query: { page, pageSize } }) {
    const held = await list(deps, caller);
    const shown = held.slice((page - 1) * pageSize, page * pageSize);
    return {
      subscriptions: shown.map(({ subscription }) => subscriptionItem(subscription)),
      ...pagination({ page, pageSize, total: held.length }),
    };
  },
});

export const startSubscription = userRoute({
  method: "POST",
  path: "/v1/dashboard/subscriptions/start",
  body: z.object({ planId: uuid }),
  status: 201,
  async handle(deps, caller, { body }) {
    const decision = await start(deps, caller, body.planId);
    return decision.ok ? { subscription: subscriptionItem(decision.subscription) } : decision;
  },
});

export const cancelSubscription = userRoute({
  method: "POST",
  path: "/v1/dashboard/subscriptions/cancel",
  body: z.object({
    subscriptionId: uuid,
    immediate: z.boolean("must be true or false").default(false),
  }),
  async handle(deps, caller, { body }) {
    const decision = await cancel(deps, caller, body);
    return decision.ok ? { subscription: subscriptionItem(decision.subscription) } : decision;
  },
});

export const reactivateSubscription = userRoute({
  method: "POST",
  path: "/v1/dashboard/subscriptions/reactivate",
  body: z.object({ subscriptionId: uuid }),
  async handle(deps, caller, { body }) {
    const decision = await reactivate(deps, caller, body.subscriptionId);
    return decision.ok ? { subscription: subscriptionItem(decision.subscription) } : decision;
  },
});

export const listEntitlements = userRoute({
  method: "GET",
  path: "/v1/dashboard/entitlements",
  async handle(deps, caller) {
    const entitlements = await listFeatures(deps, caller);
    return {
      entitlements: entitlements.map(({ feature, planId, productId, source, expiresAt }) => ({
        ...{ feature, planId, productId, source },
        expiresAt: isoOrNull(expiresAt),
      })),
    };
  },
});
