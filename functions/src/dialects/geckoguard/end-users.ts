import * as z from "zod";
import type { License } from "../../core/records.ts";
import type { Deps } from "../../operations/deps.ts";
import { banEndUser } from "../../operations/end-users/ban-end-user.ts";
import { findEndUser, type Holder } from "../../operations/end-users/holders.ts";
import { listEndUsers } from "../../operations/end-users/list-end-users.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { keyRoute } from "./define-route.ts";
import { iso, isoOrNull, text } from "./fields.ts";
import { statusOf } from "./license-records.ts";
import { pagination, paging } from "./paging.ts";

const name = text(255).min(1, "must not be empty").optional();
const filters = { username: name, email: name, search: text(100).optional() };
const query = z.object({ ...filters, ...paging() });

const scope = "end_user:read";
type Query = z.output<typeof query>;
type Caller = { readonly principal: { readonly accountId: string } };

export const listProductEndUsers = keyRoute({
  method: "GET",
  path: "/v1/products/:productId/end-users",
  scope,
  query,
  handle: (deps, caller, { query }) => list(deps, caller, { productId: caller.productId, query }),
});

/** A key sees the customers of its product's whole organisation here: reference, section 12. */
export const listAccountEndUsers = keyRoute({
  method: "GET",
  path: "/v1/end-users",
  scope,
  query,
  handle: (deps, caller, { query }) => list(deps, caller, { productId: null, query }),
});

export const getProductEndUser = keyRoute({
  method: "GET",
  path: "/v1/products/:productId/end-users/:endUserId",
  scope,
  handle: (deps, caller, { ids }) => get(deps, caller, ids),
});

export const getAccountEndUser = keyRoute({
  method: "GET",
  path: "/v1/end-users/:endUserId",
  scope,
  handle: (deps, caller, { ids }) => get(deps, caller, { ...ids, productId: null }),
});

export const listOrgEndUsers = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/orgs/:orgId/end-users",
  ability: "end-user.read",
  query: z.object({ ...filters, ...paging({ max: 100 }) }),
  handle: (deps, caller, { query }) => list(deps, caller, { productId: null, query }),
});

const ban = (word: "ban" | "unban") =>
  dashboardRoute({
    method: "POST",
    path: `/v1/dashboard/orgs/:orgId/end-users/:endUserId/${word}`,
    ability: "end-user.ban",
    async handle(deps, caller, { ids: { endUserId } }) {
      const banned = word === "ban";
      const decision = await banEndUser(deps, caller.principal, { endUserId, banned });
      return decision.ok ? get(deps, caller, { productId: null, endUserId }) : decision;
    },
  });

export const endUserBans = [ban("ban"), ban("unban")];

async function list(
  deps: Deps,
  { principal: { accountId } }: Caller,
  { productId, query }: { productId: string | null; query: Query },
) {
  const { endUsers, total } = await listEndUsers(deps, { accountId, productId, ...query });
  const now = deps.now();
  return {
    endUsers: endUsers.map((one) => holderItem(one, now)),
    ...pagination({ ...query, total }),
  };
}

async function get(
  deps: Deps,
  { principal: { accountId } }: Caller,
  ids: { productId: string | null; endUserId: string },
) {
  const found = await findEndUser(deps, { accountId, ...ids });
  return found.ok ? { endUser: holderItem(found, deps.now()) } : found;
}

const holderItem = ({ endUser, licenses }: Holder, now: number) => ({
  id: endUser.id,
  username: endUser.username,
  email: endUser.email,
  bannedAt: isoOrNull(endUser.bannedAt),
  createdAt: iso(endUser.createdAt),
  licenses: licenses.map((license) => licenseItem(license, now)),
});

const licenseItem = (license: License, now: number) => ({
  id: license.id,
  productId: license.productId,
  status: statusOf(license, now),
  expiresAt: isoOrNull(license.expiresAt),
});
