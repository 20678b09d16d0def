import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Invite } from "../../core/invites.ts";
import { invites } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Member } from "../principal.ts";
import { findInvite } from "./find-invite.ts";

/** Takes an invite back; a second time changes nothing. */
export function revokeInvite(
  deps: Deps,
  principal: Member,
  inviteId: string,
): Promise<Decision<{ invite: Invite }>> {
  const { accountId } = principal;
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ invite: Invite }>> => {
    const before = await findInvite(tx, principal, inviteId);
    if (!before) return refuse("INVITE_NOT_FOUND");
    if (before.status === "ACCEPTED") return refuse("INVITE_EXPIRED");
    if (before.status === "REVOKED") return accept({ invite: before });
    const invite: Invite = { ...before, status: "REVOKED" };
    tx.set(invites, invite);
    audit(tx, { accountId, action: "invite.revoke", targetId: inviteId, before, after: invite });
    return accept({ invite });
  });
}
