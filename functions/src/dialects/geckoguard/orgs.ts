import * as z from "zod";
import { orgIdOf } from "../../operations/members/reach.ts";
import { createOrg as create } from "../../operations/orgs/create-org.ts";
import { deleteOrg as remove } from "../../operations/orgs/delete-org.ts";
import { getOrg as get } from "../../operations/orgs/get-org.ts";
import { listOrgs as list, type Org } from "../../operations/orgs/list-orgs.ts";
import { updateOrg as update } from "../../operations/orgs/update-org.ts";
import { dashboardRoute, userRoute } from "./dashboard-route.ts";
import { iso, name } from "./fields.ts";
import { pageOf, pagination, paging } from "./paging.ts";

const slug = z
  .string("must be a string")
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/,
    "must hold 1 to 64 lower-case letters, digits and inner hyphens",
  );

/** An account that no organization was made for is shown under its own id. */
export const orgItem = ({ account, membership }: Org) => ({
  id: orgIdOf(account.id),
  slug: account.slug ?? account.id,
  name: account.name ?? account.id,
  role: membership.role,
  portalEnabled: account.portalEnabled,
  createdAt: iso(account.createdAt),
});

export const listOrgs = userRoute({
  method: "GET",
  path: "/v1/dashboard/orgs",
  query: z.object(paging()),
  async handle(deps, { userId }, { query: { page, pageSize } }) {
    const orgs = await list(deps, userId);
    const shown = pageOf(orgs, { page, pageSize });
    return { orgs: shown.map(orgItem), ...pagination({ page, pageSize, total: orgs.length }) };
  },
});

export const createOrg = userRoute({
  method: "POST",
  path: "/v1/dashboard/orgs",
  body: z.object({ name, slug: slug.optional() }),
  status: 201,
  async handle(deps, caller, { body }) {
    const decision = await create(deps, caller, body);
    return decision.ok ? { org: orgItem(decision) } : decision;
  },
});

export const getOrg = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/orgs/:orgId",
  ability: "org.read",
  async handle(deps, { membership }) {
    const decision = await get(deps, membership);
    return decision.ok ? { org: orgItem(decision) } : decision;
  },
});

export const updateOrg = dashboardRoute({
  method: "PATCH",
  path: "/v1/dashboard/orgs/:orgId",
  ability: "org.update",
  body: z.object({
    name: name.optional(),
    slug: slug.optional(),
    portalEnabled: z.boolean("must be true or false").optional(),
  }),
  async handle(deps, caller, { body }) {
    const decision = await update(deps, caller, body);
    return decision.ok ? { org: orgItem(decision) } : decision;
  },
});

export const deleteOrg = dashboardRoute({
  method: "DELETE",
  path: "/v1/dashboard/orgs/:orgId",
  ability: "org.delete",
  async handle(deps, caller) {
    const decision = await remove(deps, caller);
    return decision.ok ? { deleted: decision.deleted } : decision;
  },
});
