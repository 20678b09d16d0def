import { accept, type Decision, refuse } from "../../core/decision.ts";
import { mayManage, ownersAfter } from "../../core/members.ts";
import type { Role } from "../../core/roles.ts";
import type { Membership } from "../../core/users.ts";
import { accounts, memberships } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Member } from "../principal.ts";
import { readMembers } from "./reach.ts";

/** Gives a member another role. The account's count of owners guards the last one, whoever asks at once. */
export function changeRole(
  deps: Deps,
  principal: Member,
  { userId, role }: { readonly userId: string; readonly role: Role },
): Promise<Decision<{ membership: Membership }>> {
  const { accountId } = principal;
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ membership: Membership }>> => {
    const found = await readMembers(tx, principal, userId);
    if (!found.ok) return found;
    const { account, actor, target: before } = found;
    if (!before) return refuse("MEMBER_NOT_FOUND");
    const change = { from: before.role, to: role };
    if (!mayManage(actor.role, change)) return refuse("ROLE_TOO_LOW");
    if (before.role === role) return accept({ membership: before });
    const counted = ownersAfter(account.owners, change);
    if (!counted.ok) return counted;
    const { owners } = counted;
    const membership = { ...before, role, updatedAt: now };
    if (owners !== account.owners) tx.update(accounts, accountId, { owners });
    tx.set(memberships, membership);
    const action = "member.update";
    audit(tx, { accountId, action, targetId: before.id, before, after: membership });
    return accept({ membership });
  });
}
