import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { EndUser } from "../../core/end-users.ts";
import { endUsers } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Member } from "../principal.ts";

/** Bans an end user from the portal, or lets it in again; it keeps its licenses. */
export function banEndUser(
  deps: Deps,
  principal: Member,
  { endUserId, banned }: { readonly endUserId: string; readonly banned: boolean },
): Promise<Decision<{ endUser: EndUser }>> {
  const { accountId } = principal;
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ endUser: EndUser }>> => {
    const before = await tx.get(endUsers, endUserId);
    if (before?.accountId !== accountId) return refuse("END_USER_NOT_FOUND");
    if ((before.bannedAt !== null) === banned) return accept({ endUser: before });
    const endUser = { ...before, bannedAt: banned ? now : null, updatedAt: now };
    tx.set(endUsers, endUser);
    const action = banned ? "end_user.ban" : "end_user.unban";
    audit(tx, { accountId, action, targetId: endUserId, before, after: endUser });
    return accept({ endUser });
  });
}
