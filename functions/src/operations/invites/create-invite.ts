import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type Invite, inviteTerm } from "../../core/invites.ts";
import { mayManage } from "../../core/members.ts";
import type { Role } from "../../core/roles.ts";
import { invites } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { readMembers } from "../members/reach.ts";
import type { Member } from "../principal.ts";
import { emailHashOf, userIdOf } from "../users/emails.ts";
import { inviteMail } from "./invite-mail.ts";
import { drawInviteToken, inviteIdOf } from "./tokens.ts";

/** Invites an address and mails it the token, in place of the invite it may have. */
export function createInvite(
  deps: Deps,
  principal: Member,
  { email, role }: { readonly email: string; readonly role: Role },
): Promise<Decision<{ invite: Invite }>> {
  const { accountId, userId: invitedBy } = principal;
  const emailHash = emailHashOf(deps.vault, email);
  const id = inviteIdOf(accountId, emailHash);
  const { token, tokenHash } = drawInviteToken(deps, id);
  const now = deps.now();
  const invite: Invite = {
    id,
    accountId,
    email,
    emailHash,
    role,
    status: "PENDING",
    tokenHash,
    invitedBy,
    createdAt: now,
    ...inviteTerm(now),
  };
  const prepareMail = inviteMail(deps, invite, token);
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ invite: Invite }>> => {
    const found = await readMembers(tx, principal, userIdOf(emailHash));
    if (!found.ok) return found;
    const { account, actor, target } = found;
    if (!mayManage(actor.role, { from: null, to: role })) return refuse("ROLE_TOO_LOW");
    if (target) return refuse("ALREADY_MEMBER", { field: "email" });
    const before = (await tx.get(invites, id)) ?? null;
    const mail = await prepareMail(tx);
    const sent = mail(tx, account, role);
    if (!sent.ok) return sent;
    tx.set(invites, invite);
    audit(tx, { accountId, action: "invite.create", targetId: id, before, after: invite });
    return accept({ invite });
  });
}
