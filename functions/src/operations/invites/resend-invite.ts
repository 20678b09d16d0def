import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type Invite, inviteTerm } from "../../core/invites.ts";
import { mayManage } from "../../core/members.ts";
import { invites } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { readMembers } from "../members/reach.ts";
import type { Member } from "../principal.ts";
import { userIdOf } from "../users/emails.ts";
import { findInvite } from "./find-invite.ts";
import { inviteMail } from "./invite-mail.ts";
import { drawInviteToken } from "./tokens.ts";

/** Mails a new token, good for another seven days; the one before is spent. One that expired is good again. */
export async function resendInvite(
  deps: Deps,
  principal: Member,
  inviteId: string,
): Promise<Decision<{ invite: Invite }>> {
  const { accountId } = principal;
  const { token, tokenHash } = drawInviteToken(deps, inviteId);
  const now = deps.now();
  const audit = auditor(deps, principal);
  // Its address follows from its id, so it is the one that the transaction sees.
  const known = await findInvite(deps.store, principal, inviteId);
  if (!known) return refuse("INVITE_NOT_FOUND");
  const prepareMail = inviteMail(deps, known, token);
  return deps.once(async (tx): Promise<Decision<{ invite: Invite }>> => {
    const found = await readMembers(tx, principal, userIdOf(known.emailHash));
    if (!found.ok) return found;
    const before = await findInvite(tx, principal, inviteId);
    if (!before) return refuse("INVITE_NOT_FOUND");
    if (!mayManage(found.actor.role, { from: null, to: before.role }))
      return refuse("ROLE_TOO_LOW");
    if (before.status !== "PENDING") return refuse("INVITE_EXPIRED");
    if (found.target) return refuse("ALREADY_MEMBER");
    const mail = await prepareMail(tx);
    const sent = mail(tx, found.account, before.role);
    if (!sent.ok) return sent;
    const invite: Invite = { ...before, tokenHash, ...inviteTerm(now) };
    tx.set(invites, invite);
    audit(tx, { accountId, action: "invite.resend", targetId: inviteId, before, after: invite });
    return accept({ invite });
  });
}
