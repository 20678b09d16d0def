import type { Route } from "../../http/router.ts";
import {
  disableTotp,
  enableTotp,
  forgotPassword,
  login,
  logout,
  refresh,
  register,
  resetPassword,
  setUpTotp,
  verifyEmail,
  verifyLogin,
} from "./auth.ts";
import { getMe, updateMe } from "./me.ts";
import { createOrg, deleteOrg, getOrg, listOrgs, updateOrg } from "./orgs.ts";
import { createPlan, deletePlan, listPlans, updatePlan } from "./plans.ts";
import {
  cancelSubscription,
  listEntitlements,
  listSubscriptions,
  reactivateSubscription,
  startSubscription,
} from "./subscriptions.ts";

/** What people use: `/v1/auth/…` and `/v1/dashboard/…`. */
export const dashboardRoutes: readonly Route[] = [
  register,
  verifyEmail,
  login,
  verifyLogin,
  refresh,
  logout,
  forgotPassword,
  resetPassword,
  setUpTotp,
  enableTotp,
  disableTotp,
  getMe,
  updateMe,
  listOrgs,
  createOrg,
  getOrg,
  updateOrg,
  deleteOrg,
  listPlans,
  createPlan,
  updatePlan,
  deletePlan,
  listSubscriptions,
  startSubscription,
  cancelSubscription,
  reactivateSubscription,
  listEntitlements,
];
