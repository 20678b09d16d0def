import { accept, type Decision, refuse } from "../../core/decision.ts";
import { teamEvent } from "../../core/events.ts";
import { ownersAfter } from "../../core/members.ts";
import type { Account } from "../../core/plans.ts";
import type { Membership, User } from "../../core/users.ts";
import { accounts, invites, memberships } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import { auditorAs } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { membershipId, membershipOf, orgIdOf } from "../members/reach.ts";
import { openInvite } from "./open-invite.ts";

type Joining = {
  readonly account: Account;
  readonly write: (tx: Transaction, user: User) => Membership;
};

/**
 * Prepares that a user is let in by an invite. Whoever got hold of the token under another address
 * is not: the invite is the address's, not its mail's.
 */
export function joining(
  deps: Deps,
  { userId, userHash }: { readonly userId: string; readonly userHash: string },
  token: string,
): (reader: Reader) => Promise<Decision<Joining>> {
  const now = deps.now();
  const audit = auditorAs(deps, { kind: "user", keyId: null, userId });
  const announce = announcer(deps);
  return async (reader) => {
    const open = await openInvite(deps, reader, { token, now });
    if (!open.ok) return open;
    const { invite, account } = open;
    const { role, accountId } = invite;
    const orgId = orgIdOf(accountId);
    if (invite.emailHash !== userHash) return refuse("INVITE_FOR_ANOTHER");
    if (await reader.get(memberships, membershipId(userId, orgId))) return refuse("ALREADY_MEMBER");
    const counted = ownersAfter(account.owners, { from: null, to: role });
    if (!counted.ok) return counted;
    const { owners } = counted;
    return accept<Joining>({
      account: { ...account, owners },
      write(tx, user) {
        const membership = membershipOf(user, accountId, { role, now });
        tx.set(invites, { ...invite, status: "ACCEPTED" });
        if (owners !== account.owners) tx.update(accounts, accountId, { owners });
        tx.create(memberships, membership);
        const { id: targetId } = membership;
        audit(tx, { accountId, action: "member.add", targetId, before: null, after: membership });
        announce(tx, teamEvent("team.member_added", membership, orgId));
        return membership;
      },
    });
  };
}
