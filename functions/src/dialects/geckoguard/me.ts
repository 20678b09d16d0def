import * as z from "zod";
import type { User } from "../../core/users.ts";
import type { Deps } from "../../operations/deps.ts";
import { orgIdOf } from "../../operations/members/reach.ts";
import { listOrgs } from "../../operations/orgs/list-orgs.ts";
import { getMe as get, updateMe as update } from "../../operations/users/me.ts";
import { userRoute } from "./dashboard-route.ts";
import { name, uuid } from "./fields.ts";
import { orgItem } from "./orgs.ts";
import { userItem } from "./users.ts";

async function meItem(deps: Deps, user: User) {
  const orgs = (await listOrgs(deps, user.id)).map(orgItem);
  const active = user.activeAccountId === null ? null : orgIdOf(user.activeAccountId);
  return {
    user: userItem(user),
    orgs: orgs.map(({ createdAt, portalEnabled, ...org }) => org),
    // Where one was let go nothing is active any more.
    activeOrgId: orgs.some(({ id }) => id === active) ? active : (orgs[0]?.id ?? null),
  };
}

export const getMe = userRoute({
  method: "GET",
  path: "/v1/dashboard/me",
  async handle(deps, caller) {
    const decision = await get(deps, caller);
    return decision.ok ? meItem(deps, decision.user) : decision;
  },
});

export const updateMe = userRoute({
  method: "PATCH",
  path: "/v1/dashboard/me",
  body: z.object({ name: name.optional(), activeOrgId: uuid.optional() }),
  async handle(deps, caller, { body }) {
    const decision = await update(deps, caller, body);
    return decision.ok ? meItem(deps, decision.user) : decision;
  },
});
