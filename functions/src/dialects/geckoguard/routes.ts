import type { Decision } from "../../core/decision.ts";
import type { Dialect } from "../../http/router.ts";
import type { Deps } from "../../operations/deps.ts";
import { authenticateEndUser } from "../../operations/portal/tokens.ts";
import { authenticateUser } from "../../operations/users/sessions.ts";
import { getProductAnalytics } from "./analytics.ts";
import { createFirstKey, listKeys } from "./api-keys.ts";
import { readVariables } from "./app-variables.ts";
import { checkUpdate } from "./app-versions.ts";
import { authorize } from "./authorize.ts";
import { polarWebhook } from "./billing.ts";
import { addToBlacklist, deleteFromBlacklist, listBlacklist } from "./blacklists.ts";
import { admitBearer } from "./dashboard-route.ts";
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
import { getHealth, getStatus, headHealth, whoami } from "./service.ts";
import { geckoguardSurface } from "./surface.ts";
import { UPLOADS } from "./uploads.ts";

type Authenticate = (deps: Deps, token: string) => Promise<Decision<{ readonly caller: unknown }>>;

/** Where nothing is said, not even that there is nothing, before somebody has shown a token of its own. */
const GUARDED: readonly { readonly prefix: string; readonly authenticate: Authenticate }[] = [
  { prefix: "/v1/dashboard/", authenticate: authenticateUser },
  { prefix: "/v1/enduser/", authenticate: authenticateEndUser },
];
/** Paths below them that take no token. */
const OPEN = [
  "/v1/dashboard/invites/preview",
  "/v1/enduser/auth/register",
  "/v1/enduser/auth/login",
];

export const geckoguard: Dialect = {
  surface: geckoguardSurface,
  routes: [
    getHealth,
    headHealth,
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
    const { path } = asked;
    const guard = GUARDED.find(({ prefix }) => path.startsWith(prefix) && !OPEN.includes(path));
    if (!guard) {
      await limitAddress(deps, asked);
      throw problem;
    }
    const found = await admitBearer(deps, asked, guard.authenticate);
    if (!found.ok) return geckoguardSurface.refusal(found);
    throw problem;
  },
};
