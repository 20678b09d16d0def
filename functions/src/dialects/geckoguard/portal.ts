import * as z from "zod";
import {
  LONGEST_END_USER_PASSWORD,
  SHORTEST_END_USER_PASSWORD,
  USERNAME_FORM,
} from "../../core/end-users.ts";
import { email } from "../../fields/input.ts";
import { jsonFields, parseFields } from "../../http/request.ts";
import type { Route } from "../../http/router.ts";
import { resetOwnDevices } from "../../operations/licenses/reset-bindings.ts";
import { claimLicense } from "../../operations/portal/claim-license.ts";
import { listDownloads } from "../../operations/portal/downloads.ts";
import { loginEndUser } from "../../operations/portal/login.ts";
import { listOwnLicenses } from "../../operations/portal/own-licenses.ts";
import { registerEndUser } from "../../operations/portal/register.ts";
import { logoutEndUser } from "../../operations/portal/tokens.ts";
import { verifyOwn } from "../../operations/portal/verify-own.ts";
import { authRoute } from "./auth.ts";
import { flat, named, optional } from "./authorize.ts";
import { text, uuid } from "./fields.ts";
import { resetItem } from "./license-verbs.ts";
import { pagination, paging } from "./paging.ts";
import { downloadItem, endUserItem, loginItem, ownLicenseItem } from "./portal-items.ts";
import { asEndUser, portalRoute } from "./portal-route.ts";

/** A slug of any form: a wrong one is nobody's. */
const orgSlug = text(64).min(1, "is required");
const password = text(LONGEST_END_USER_PASSWORD).min(1, "is required");

const register = authRoute({
  path: "/v1/enduser/auth/register",
  body: z.object({
    orgSlug,
    email,
    password: text(LONGEST_END_USER_PASSWORD).min(
      SHORTEST_END_USER_PASSWORD,
      `must be at least ${SHORTEST_END_USER_PASSWORD} characters`,
    ),
    username: z
      .string("must be a string")
      .regex(
        USERNAME_FORM,
        "must be 3 to 32 characters of A-Z a-z 0-9 . _ - and begin with a letter or digit",
      )
      .nullish(),
  }),
  status: 201,
  async handle(deps, { username = null, ...ask }) {
    const decision = await registerEndUser(deps, { ...ask, username });
    return decision.ok ? loginItem(decision) : decision;
  },
});

const login = authRoute({
  path: "/v1/enduser/auth/login",
  body: z.object({ orgSlug, email, password }),
  async handle(deps, ask) {
    const decision = await loginEndUser(deps, ask);
    return decision.ok ? loginItem(decision) : decision;
  },
});

const logout = portalRoute({
  method: "POST",
  path: "/v1/enduser/auth/logout",
  async handle(deps, caller) {
    await logoutEndUser(deps, caller);
    return { loggedOut: true };
  },
});

const getMe = portalRoute({
  method: "GET",
  path: "/v1/enduser/me",
  handle: async (_deps, { endUser }) => ({ endUser: endUserItem(endUser) }),
});

const listLicenses = portalRoute({
  method: "GET",
  path: "/v1/enduser/licenses",
  query: z.object(paging({ usual: 200 })),
  async handle(deps, { endUser }, { query }) {
    const { licenses, total } = await listOwnLicenses(deps, endUser, query);
    const now = deps.now();
    return {
      licenses: licenses.map((one) => ownLicenseItem(one, now)),
      ...pagination({ ...query, total }),
    };
  },
});

const activate = portalRoute({
  method: "POST",
  path: "/v1/enduser/licenses/activate",
  body: z.object({ orgSlug, licenseKey: named(128) }),
  async handle(deps, { endUser }, { body }) {
    const decision = await claimLicense(deps, endUser, body);
    return decision.ok ? { license: ownLicenseItem(decision, deps.now()) } : decision;
  },
});

const resetHwid = portalRoute({
  method: "POST",
  path: "/v1/enduser/licenses/:licenseId/reset-hwid",
  async handle(deps, { endUser: { id: endUserId } }, { ids: { licenseId } }) {
    const decision = await resetOwnDevices(deps, { endUserId, licenseId });
    return decision.ok ? resetItem(decision) : decision;
  },
});

const downloads = portalRoute({
  method: "GET",
  path: "/v1/enduser/licenses/:licenseId/downloads",
  async handle(deps, { endUser: { id: endUserId }, asked }, { ids: { licenseId } }) {
    const decision = await listDownloads(deps, { endUserId, licenseId });
    if (!decision.ok) return decision;
    return { files: decision.files.map((one) => downloadItem(one, asked)) };
  },
});

const verifyFields = z.object({
  productId: uuid,
  hwid: optional(named(256)),
  sessionId: optional(named(128)),
});

/** Its body is flat, as that of authorize. */
const verify: Route = {
  method: "POST",
  path: "/v1/enduser/licenses/verify",
  body: verifyFields,
  handle: (deps, asked) =>
    asEndUser(deps, asked, async (inner, { endUser }) => {
      const ask = parseFields(verifyFields, jsonFields(asked.body));
      return flat(await verifyOwn(inner, endUser.id, ask));
    }),
};

/** What customers use: `/v1/enduser/…`. */
export const portalRoutes: readonly Route[] = [
  register,
  login,
  logout,
  getMe,
  listLicenses,
  activate,
  verify,
  resetHwid,
  downloads,
];
