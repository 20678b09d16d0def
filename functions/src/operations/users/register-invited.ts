import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { UserSession } from "../../core/users.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { joining } from "../invites/join.ts";
import { openInvite } from "../invites/open-invite.ts";
import { draftUser, type NewUser } from "./draft-user.ts";
import type { LoggedIn } from "./login.ts";
import { beginSession, drawRefreshToken, tokensOf } from "./sessions.ts";

/**
 * Makes a user of an invited address, lets it in and logs it in. Who holds the token has read the
 * address's mail: it is verified, and may be told that it is taken.
 */
export async function registerInvited(
  deps: Deps,
  { inviteToken: token, ...ask }: NewUser & { readonly inviteToken: string },
): Promise<Decision<LoggedIn>> {
  // Before the work of a hash, which is no stranger's to ask for where registration is closed.
  const open = await openInvite(deps, deps.store, { token, now: deps.now() });
  if (!open.ok) return open;
  const draft = await draftUser(deps, ask);
  const { emailHash, createdAt: now } = draft;
  const drawn = drawRefreshToken(deps, deps.newId());
  const join = joining(deps, { userId: draft.id, userHash: emailHash }, token);
  const decision = await deps.once(async (tx): Promise<Decision<Begun>> => {
    const taken = await tx.get(users, emailHash);
    const joined = await join(tx);
    if (!joined.ok) return joined;
    if (taken && taken.emailVerifiedAt !== null) return refuse("EMAIL_TAKEN", { field: "email" });
    const activeAccountId = joined.account.id;
    const user = { ...draft, emailVerifiedAt: now, activeAccountId };
    joined.write(tx, user);
    return accept({ user, session: beginSession(tx, user, drawn, now) });
  });
  if (!decision.ok) return decision;
  const { user, session } = decision;
  return accept({ user, tokens: await tokensOf(deps, session, drawn.refreshToken) });
}

type Begun = { readonly user: LoggedIn["user"]; readonly session: UserSession };
