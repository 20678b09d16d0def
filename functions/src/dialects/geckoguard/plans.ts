import * as z from "zod";
import { INTERVALS, type SubscriptionPlan } from "../../core/subscriptions.ts";
import { createPlan as create } from "../../operations/plans/create-plan.ts";
import { deletePlan as remove } from "../../operations/plans/delete-plan.ts";
import { accountOfPlan } from "../../operations/plans/find-plan.ts";
import { listPlans as list } from "../../operations/plans/list-plans.ts";
import { updatePlan as update } from "../../operations/plans/update-plan.ts";
import { accountOfProduct } from "../../operations/products/find-product.ts";
import { dashboardRoute, userRoute } from "./dashboard-route.ts";
import { iso, name, text, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";

const MOST_CENTS = 100_000_000;
const MOST_FEATURES = 100;
const MOST_IDS = 50;

const isEachOnce = (items: readonly string[]) => new Set(items).size === items.length;

const feature = text(100).trim().min(1, "must not be blank");
const entitlements = z
  .array(feature, "must be a list of features")
  .max(MOST_FEATURES, `must have at most ${MOST_FEATURES} items`)
  .refine(isEachOnce, "must name each feature once");

const providerIds = z
  .object({
    polar: z
      .array(text(200).trim().min(1, "must not be blank"), "must be a list of ids")
      .max(MOST_IDS, `must have at most ${MOST_IDS} items`)
      .refine(isEachOnce, "must name each id once")
      .default([]),
  })
  .transform(({ polar }) => polar.map((id) => ({ provider: "polar" as const, id })));

const terms = {
  name,
  priceCents: z
    .int("must be a whole number of cents")
    .min(0, "must be at least 0")
    .max(MOST_CENTS, `must be at most ${MOST_CENTS}`),
  interval: z.enum(INTERVALS, `must be one of ${INTERVALS.join(", ")}`),
  entitlements,
  active: z.boolean("must be true or false"),
  providerIds,
};

const planItem = (plan: SubscriptionPlan) => ({
  id: plan.id,
  productId: plan.productId,
  name: plan.name,
  priceCents: plan.priceCents,
  interval: plan.interval,
  entitlements: plan.entitlements,
  active: plan.active,
});

/** What is not for those who buy. */
const memberPlanItem = (plan: SubscriptionPlan) => ({
  ...planItem(plan),
  providerIds: {
    polar: plan.providerIds.flatMap(({ provider, id }) => (provider === "polar" ? id : [])),
  },
  createdAt: iso(plan.createdAt),
  updatedAt: iso(plan.updatedAt),
});

export const listPlans = userRoute({
  method: "GET",
  path: "/v1/dashboard/plans",
  query: z.object({ ...paging(), productId: uuid }),
  async handle(deps, { userId }, { query: { productId, page, pageSize } }) {
    const decision = await list(deps, { userId, productId });
    if (!decision.ok) return decision;
    const { plans, member } = decision;
    const shown = plans.slice((page - 1) * pageSize, page * pageSize);
    return {
      plans: shown.map(member ? memberPlanItem : planItem),
      ...pagination({ page, pageSize, total: plans.length }),
    };
  },
});

export const createPlan = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/plans",
  ability: "plan.change",
  whose: {
    find: (deps, { body }) => accountOfProduct(deps, body.productId),
    absent: "PRODUCT_NOT_FOUND",
  },
  body: z.object({
    ...terms,
    productId: uuid,
    entitlements: entitlements.default([]),
    active: terms.active.default(true),
    providerIds: providerIds.prefault({}),
  }),
  status: 201,
  async handle(deps, { principal }, { body }) {
    const decision = await create(deps, principal, body);
    return decision.ok ? { plan: memberPlanItem(decision.plan) } : decision;
  },
});

const whose = {
  find: (deps: Parameters<typeof accountOfPlan>[0], { ids }: { ids: { planId: string } }) =>
    accountOfPlan(deps, ids.planId),
  absent: "PLAN_NOT_FOUND",
} as const;

export const updatePlan = dashboardRoute({
  method: "PATCH",
  path: "/v1/dashboard/plans/:planId",
  ability: "plan.change",
  whose,
  body: z.object(terms).partial(),
  async handle(deps, { principal }, { ids, body }) {
    const decision = await update(deps, principal, { ...body, planId: ids.planId });
    return decision.ok ? { plan: memberPlanItem(decision.plan) } : decision;
  },
});

export const deletePlan = dashboardRoute({
  method: "DELETE",
  path: "/v1/dashboard/plans/:planId",
  ability: "plan.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const decision = await remove(deps, principal, ids.planId);
    return decision.ok ? { deleted: decision.deleted } : decision;
  },
});
