import type { Dialect } from "../../http/router.ts";
import { getProductAnalytics } from "./analytics.ts";
import { createFirstKey, listKeys } from "./api-keys.ts";
import { readVariables } from "./app-variables.ts";
import { checkUpdate } from "./app-versions.ts";
import { unauthorized } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { polarWebhook } from "./billing.ts";
import { addToBlacklist, deleteFromBlacklist, listBlacklist } from "./blacklists.ts";
import { dashboardRoutes } from "./dashboard-routes.ts";
import {
  getAccountEndUser,
  getProductEndUser,
  listAccountEndUsers,
  listProductEndUsers,
} from "./end-users.ts";
import { licenseChanges } from "./license-changes.ts";
import { getLicense, listLicenses } from "./licenses.ts";
import { limitAddress } from "./limits.ts";
import { portalRoutes } from "./portal.ts";
import { describeFile, downloadFile } from "./product-files.ts";
import { createFirstProduct } from "./products.ts";
import { getHealth, getStatus, whoami } from "./service.ts";
import { geckoguardSurface } from "./surface.ts";
import { UPLOADS } from "./uploads.ts";

/** Where nothing is said before somebody has shown a credential of its own. */
const GUARDED = ["/v1/dashboard/", "/v1/enduser/"];

export const geckoguard: Dialect = {
  surface: geckoguardSurface,
  routes: [
    getHealth,
    getStatus,
    whoami,
    authorize,
    listKeys,
    createFirstKey,
    createFirstProduct,
    listBlacklist,
    addToBlacklist,
    deleteFromBlacklist,
    listProductEndUsers,
    getProductEndUser,
    listAccountEndUsers,
    getAccountEndUser,
    getProductAnalytics,
    readVariables,
    checkUpdate,
    downloadFile,
    describeFile,
    listLicenses,
    getLicense,
    ...licenseChanges,
    polarWebhook,
    ...dashboardRoutes,
    ...portalRoutes,
  ],
  cors: [
    { prefix: "/v1/auth/", origins: "configured" },
    { prefix: "/v1/dashboard/", origins: "configured" },
    { prefix: UPLOADS, origins: "configured" },
    { prefix: "/v1/enduser/", origins: "any" },
  ],
  async unrouted(deps, asked, problem) {
    await limitAddress(deps, asked);
    throw GUARDED.some((prefix) => asked.path.startsWith(prefix))
      ? unauthorized("Missing or invalid access token")
      : problem;
  },
};
