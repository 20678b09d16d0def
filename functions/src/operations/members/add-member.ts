import { accept, type Decision, refuse } from "../../core/decision.ts";
import { teamEvent } from "../../core/events.ts";
import { ownersAfter } from "../../core/members.ts";
import { newAccount } from "../../core/plans.ts";
import type { Role } from "../../core/roles.ts";
import type { Membership } from "../../core/users.ts";
import { accounts, memberships, users } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { emailHashOf } from "../users/emails.ts";
import { membershipOf, orgIdOf } from "./reach.ts";

/** Lets a registered user into an account, or gives a member that role; makes the account on its first use. */
export function addMember(
  deps: Deps,
  principal: Principal,
  ask: { readonly accountId: string; readonly email: string; readonly role: Role },
): Promise<Decision<{ membership: Membership }>> {
  const { accountId, role } = ask;
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<{ membership: Membership }>> => {
    const user = await tx.get(users, emailHashOf(deps.vault, ask.email));
    if (!user) return refuse("USER_NOT_FOUND", { field: "email" });
    const fresh = membershipOf(user, accountId, { role, now });
    const before = await tx.get(memberships, fresh.id);
    if (before?.role === role) return accept({ membership: before });
    const account = (await tx.get(accounts, accountId)) ?? newAccount(accountId, now);
    const counted = ownersAfter(account.owners, { from: before?.role ?? null, to: role });
    if (!counted.ok) return counted;
    const membership = before ? { ...before, role, updatedAt: now } : fresh;
    tx.set(accounts, { ...account, owners: counted.owners });
    tx.set(memberships, membership);
    const action = before ? "member.update" : "member.add";
    audit(tx, { accountId, action, targetId: fresh.id, before: before ?? null, after: membership });
    if (!before) announce(tx, teamEvent("team.member_added", membership, orgIdOf(accountId)));
    return accept({ membership });
  });
}
