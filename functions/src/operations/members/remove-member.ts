import { accept, type Decision, refuse } from "../../core/decision.ts";
import { teamEvent } from "../../core/events.ts";
import { mayManage, ownersAfter } from "../../core/members.ts";
import { accounts, memberships } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Member } from "../principal.ts";
import { orgIdOf, readMembers } from "./reach.ts";

/** Lets a member go; with a role of any kind, oneself. The last owner stays. */
export function removeMember(
  deps: Deps,
  principal: Member,
  userId: string,
): Promise<Decision<{ deleted: true }>> {
  const { accountId } = principal;
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await readMembers(tx, principal, userId);
    if (!found.ok) return found;
    const { account, actor, target } = found;
    const change = { from: target?.role ?? null, to: null };
    const mayGo = userId === principal.userId || mayManage(actor.role, change);
    if (!mayGo) return refuse("ROLE_TOO_LOW");
    if (!target) return refuse("MEMBER_NOT_FOUND");
    const counted = ownersAfter(account.owners, change);
    if (!counted.ok) return counted;
    const { owners } = counted;
    if (owners !== account.owners) tx.update(accounts, accountId, { owners });
    tx.delete(memberships, target.id);
    const action = "member.remove";
    audit(tx, { accountId, action, targetId: target.id, before: target, after: null });
    announce(tx, teamEvent("team.member_removed", target, orgIdOf(accountId)));
    return accept({ deleted: true });
  });
}
