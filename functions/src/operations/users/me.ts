import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { User } from "../../core/users.ts";
import { memberships, users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { given } from "../given.ts";
import { membershipId } from "../members/reach.ts";
import { listMemberships } from "../orgs/list-orgs.ts";
import type { UserCaller } from "./sessions.ts";

export async function getMe(
  deps: Pick<Deps, "store">,
  { userHash }: UserCaller,
): Promise<Decision<{ user: User }>> {
  const user = await deps.store.get(users, userHash);
  return user ? accept({ user }) : refuse("TOKEN_INVALID");
}

/** Changes what one may of oneself; the organizations show the new name, too. */
export async function updateMe(
  deps: Deps,
  { userId, userHash }: UserCaller,
  ask: { readonly name?: string | undefined; readonly activeOrgId?: string | undefined },
): Promise<Decision<{ user: User }>> {
  const now = deps.now();
  const { name, activeOrgId } = ask;
  const mine = name === undefined ? [] : await listMemberships(deps, userId);
  return deps.once(async (tx): Promise<Decision<{ user: User }>> => {
    const user = await tx.get(users, userHash);
    if (!user) return refuse("TOKEN_INVALID");
    const active = activeOrgId && (await tx.get(memberships, membershipId(userId, activeOrgId)));
    if (activeOrgId !== undefined && !active) return refuse("ORG_NOT_FOUND");
    const shown = await tx.getMany(
      memberships,
      mine.map(({ id }) => id),
    );
    const activeAccountId = active ? active.accountId : undefined;
    const changed: User = { ...user, ...given({ name, activeAccountId }), updatedAt: now };
    tx.set(users, changed);
    for (const one of shown) {
      if (one) tx.set(memberships, { ...one, name: changed.name, updatedAt: now });
    }
    return accept({ user: changed });
  });
}
