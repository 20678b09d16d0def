import { accept, type Decision, refuse } from "../../core/decision.ts";
import { mayManage, ownersAfter } from "../../core/members.ts";
import type { Membership } from "../../core/users.ts";
import { accounts, memberships } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Member } from "../principal.ts";
import { readMembers } from "./reach.ts";

type Transferred = { readonly owner: Membership; readonly former: Membership };

/** Makes another member OWNER in the caller's place, who becomes ADMIN. */
export async function transferOwnership(
  deps: Deps,
  principal: Member,
  newOwnerId: string,
): Promise<Decision<Transferred>> {
  if (newOwnerId === principal.userId) return refuse("TRANSFER_TO_ONESELF");
  const { accountId } = principal;
  const now = deps.now();
  const auditOwner = auditor(deps, principal);
  const auditFormer = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Transferred>> => {
    const found = await readMembers(tx, principal, newOwnerId);
    if (!found.ok) return found;
    const { account, actor, target } = found;
    if (!mayManage(actor.role, { from: actor.role, to: "OWNER" })) return refuse("ROLE_TOO_LOW");
    if (!target) return refuse("MEMBER_NOT_FOUND");
    const joined = ownersAfter(account.owners, { from: target.role, to: "OWNER" });
    if (!joined.ok) return joined;
    const counted = ownersAfter(joined.owners, { from: actor.role, to: "ADMIN" });
    if (!counted.ok) return counted;
    const { owners } = counted;
    const owner: Membership = { ...target, role: "OWNER", updatedAt: now };
    const former: Membership = { ...actor, role: "ADMIN", updatedAt: now };
    if (owners !== account.owners) tx.update(accounts, accountId, { owners });
    tx.set(memberships, owner);
    tx.set(memberships, former);
    const action = "member.update";
    auditOwner(tx, { accountId, action, targetId: owner.id, before: target, after: owner });
    auditFormer(tx, { accountId, action, targetId: former.id, before: actor, after: former });
    return accept({ owner, former });
  });
}
