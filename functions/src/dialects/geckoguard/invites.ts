import * as z from "zod";
import type { Invite } from "../../core/invites.ts";
import { email } from "../../fields/input.ts";
import { acceptInvite as accept } from "../../operations/invites/accept-invite.ts";
import { createInvite as create } from "../../operations/invites/create-invite.ts";
import { listInvites as list } from "../../operations/invites/list-invites.ts";
import { previewInvite as preview } from "../../operations/invites/open-invite.ts";
import { resendInvite as resend } from "../../operations/invites/resend-invite.ts";
import { revokeInvite as revoke } from "../../operations/invites/revoke-invite.ts";
import { orgIdOf } from "../../operations/members/reach.ts";
import { takeAttempt } from "../../operations/users/take-attempt.ts";
import { dashboardRoute, userRoute } from "./dashboard-route.ts";
import { publicRoute } from "./define-route.ts";
import { iso } from "./fields.ts";
import { memberItem, role } from "./members.ts";
import { orgItem } from "./orgs.ts";
import { pagination, paging } from "./paging.ts";
import { opaque } from "./users.ts";

const inviteItem = (invite: Invite) => ({
  id: invite.id,
  orgId: orgIdOf(invite.accountId),
  email: invite.email,
  role: invite.role,
  status: invite.status,
  invitedBy: invite.invitedBy,
  expiresAt: iso(invite.expiresAt),
  createdAt: iso(invite.createdAt),
});

export const createInvite = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/orgs/:orgId/invites",
  ability: "invite.change",
  body: z.object({ email, role }),
  status: 201,
  async handle(deps, { principal }, { body }) {
    const taken = await takeAttempt(deps, { route: "invite", email: body.email });
    if (!taken.ok) return taken;
    const decision = await create(deps, principal, body);
    return decision.ok ? { invite: inviteItem(decision.invite) } : decision;
  },
});

export const listInvites = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/orgs/:orgId/invites",
  ability: "invite.read",
  query: z.object(paging()),
  async handle(deps, { principal }, { query }) {
    const { items, total } = await list(deps, { ...query, accountId: principal.accountId });
    return { invites: items.map(inviteItem), ...pagination({ ...query, total }) };
  },
});

export const revokeInvite = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/orgs/:orgId/invites/:inviteId/revoke",
  ability: "invite.change",
  async handle(deps, { principal }, { ids }) {
    const decision = await revoke(deps, principal, ids.inviteId);
    return decision.ok ? { invite: inviteItem(decision.invite) } : decision;
  },
});

export const resendInvite = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/orgs/:orgId/invites/:inviteId/resend",
  ability: "invite.change",
  async handle(deps, { principal }, { ids }) {
    const taken = await takeAttempt(deps, { route: "invite" });
    if (!taken.ok) return taken;
    const decision = await resend(deps, principal, ids.inviteId);
    return decision.ok ? { invite: inviteItem(decision.invite) } : decision;
  },
});

export const previewInvite = publicRoute({
  method: "GET",
  path: "/v1/dashboard/invites/preview",
  query: z.object({ token: opaque }),
  async handle(deps, { query }) {
    const decision = await preview(deps, query.token);
    if (!decision.ok) return decision;
    const { invite, account } = decision;
    const { role, email, expiresAt, status } = inviteItem(invite);
    return { orgName: account.name ?? account.id, role, email, expiresAt, status };
  },
});

export const acceptInvite = userRoute({
  method: "POST",
  path: "/v1/dashboard/invites/accept",
  body: z.object({ token: opaque }),
  async handle(deps, caller, { body }) {
    const decision = await accept(deps, caller, body.token);
    return decision.ok
      ? { org: orgItem(decision), member: memberItem(decision.membership) }
      : decision;
  },
});
