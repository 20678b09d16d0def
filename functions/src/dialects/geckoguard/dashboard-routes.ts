import type { Route } from "../../http/router.ts";
import { getOrgAnalytics } from "./analytics.ts";
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
import {
  addManyToBlacklist,
  addToDashboardBlacklist,
  deleteFromDashboardBlacklist,
  listDashboardBlacklist,
} from "./blacklists.ts";
import {
  createKey,
  deleteKey,
  listDashboardKeys,
  revokeKey,
  rotateKey,
  updateKey,
} from "./dashboard-api-keys.ts";
import { deleteFile, listFiles, uploadFile } from "./dashboard-files.ts";
import { dashboardLicenseBulk } from "./dashboard-license-bulk.ts";
import { importLicenses } from "./dashboard-license-import.ts";
import { dashboardLicenseReports } from "./dashboard-license-reports.ts";
import { dashboardLicenses } from "./dashboard-licenses.ts";
import { dashboardProducts } from "./dashboard-products.ts";
import { deleteVariable, listVariables, setVariable, setVariables } from "./dashboard-variables.ts";
import { createVersion, deleteVersion, listVersions, updateVersion } from "./dashboard-versions.ts";
import { endUserBans, listOrgEndUsers } from "./end-users.ts";
import {
  acceptInvite,
  createInvite,
  listInvites,
  previewInvite,
  resendInvite,
  revokeInvite,
} from "./invites.ts";
import { getMe, updateMe } from "./me.ts";
import { deleteMember, listMembers, transferOwnership, updateMember } from "./members.ts";
import { createOrg, deleteOrg, getOrg, listOrgs, updateOrg } from "./orgs.ts";
import { createPlan, deletePlan, listPlans, updatePlan } from "./plans.ts";
import { getBindings, getSessions, revokeAllSessions, revokeSession } from "./sessions.ts";
import {
  cancelSubscription,
  listEntitlements,
  listSubscriptions,
  reactivateSubscription,
  startSubscription,
} from "./subscriptions.ts";
import { announceUpload, finishUpload, takeUpload } from "./uploads.ts";
import {
  createEndpoint,
  deleteEndpoint,
  listDeliveries,
  listEndpoints,
  rotateEndpointSecret,
  testEndpoint,
  updateEndpoint,
} from "./webhooks.ts";

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
  listMembers,
  updateMember,
  deleteMember,
  transferOwnership,
  getOrgAnalytics,
  createInvite,
  listInvites,
  revokeInvite,
  resendInvite,
  previewInvite,
  acceptInvite,
  createKey,
  listDashboardKeys,
  updateKey,
  deleteKey,
  rotateKey,
  revokeKey,
  listEndpoints,
  createEndpoint,
  updateEndpoint,
  deleteEndpoint,
  listDeliveries,
  testEndpoint,
  rotateEndpointSecret,
  listOrgEndUsers,
  ...endUserBans,
  ...dashboardProducts,
  ...dashboardLicenses,
  ...dashboardLicenseReports,
  ...dashboardLicenseBulk,
  importLicenses,
  getBindings,
  getSessions,
  revokeSession,
  revokeAllSessions,
  listDashboardBlacklist,
  addToDashboardBlacklist,
  addManyToBlacklist,
  deleteFromDashboardBlacklist,
  listVariables,
  setVariable,
  setVariables,
  deleteVariable,
  listVersions,
  createVersion,
  updateVersion,
  deleteVersion,
  listFiles,
  uploadFile,
  deleteFile,
  announceUpload,
  finishUpload,
  takeUpload,
];
