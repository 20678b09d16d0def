import * as z from "zod";
import { ROLES } from "../../core/roles.ts";
import type { Membership } from "../../core/users.ts";
import { changeRole } from "../../operations/members/change-role.ts";
import { listMembers as list } from "../../operations/members/list-members.ts";
import { removeMember as remove } from "../../operations/members/remove-member.ts";
import { transferOwnership as transfer } from "../../operations/members/transfer-ownership.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { iso, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";

export const role = z.enum(ROLES, `must be one of ${ROLES.join(", ")}`);

/** A member goes by the user's id. */
export const memberItem = ({ userId, email, name, role, createdAt }: Membership) => ({
  id: userId,
  userId,
  email,
  name,
  role,
  joinedAt: iso(createdAt),
});

export const listMembers = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/orgs/:orgId/members",
  ability: "member.read",
  query: z.object(paging()),
  async handle(deps, { principal }, { query }) {
    const { items, total } = await list(deps, { ...query, accountId: principal.accountId });
    return { members: items.map(memberItem), ...pagination({ ...query, total }) };
  },
});

export const updateMember = dashboardRoute({
  method: "PATCH",
  path: "/v1/dashboard/orgs/:orgId/members/:memberId",
  ability: "member.change",
  body: z.object({ role }),
  async handle(deps, { principal }, { ids, body }) {
    const decision = await changeRole(deps, principal, { userId: ids.memberId, role: body.role });
    return decision.ok ? { member: memberItem(decision.membership) } : decision;
  },
});

/** Whom else than oneself, the operation decides. */
export const deleteMember = dashboardRoute({
  method: "DELETE",
  path: "/v1/dashboard/orgs/:orgId/members/:memberId",
  ability: "member.leave",
  async handle(deps, { principal }, { ids }) {
    const decision = await remove(deps, principal, ids.memberId);
    return decision.ok ? { deleted: decision.deleted } : decision;
  },
});

export const transferOwnership = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/orgs/:orgId/transfer-ownership",
  ability: "ownership.transfer",
  body: z.object({ newOwnerId: uuid }),
  async handle(deps, { principal }, { body }) {
    const decision = await transfer(deps, principal, body.newOwnerId);
    return decision.ok
      ? { owner: memberItem(decision.owner), member: memberItem(decision.former) }
      : decision;
  },
});
