import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { User, UserSession } from "../../core/users.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { draftUser, type NewUser } from "./draft-user.ts";
import { mailToUser } from "./mail-to-user.ts";
import { registerInvited } from "./register-invited.ts";
import { beginSession, drawRefreshToken, type Tokens, tokensOf } from "./sessions.ts";
import { drawUserToken, giveUserToken } from "./tokens.ts";

type Registered = { readonly user: User; readonly tokens: Tokens | undefined };

/**
 * Makes a user. Where addresses are verified, one that is taken gets the same answer, and its owner
 * a mail; elsewhere it is refused. An invite lets in at once, also where registration is closed.
 */
export async function register(
  deps: Deps,
  { inviteToken, ...ask }: NewUser & { readonly inviteToken?: string | undefined },
): Promise<Decision<Registered>> {
  if (inviteToken !== undefined) return registerInvited(deps, { ...ask, inviteToken });
  const { verifyEmails, openRegistration } = deps.settings.dashboard;
  if (!openRegistration) return refuse("REGISTRATION_CLOSED");
  const user = await draftUser(deps, ask);
  return verifyEmails ? announced(deps, user) : atOnce(deps, user);
}

/** An address that was registered and never verified is nobody's yet: who registers last may verify it. */
async function announced(deps: Deps, user: User): Promise<Decision<Registered>> {
  const drawn = drawUserToken(deps, "verify-email");
  const { emailHash, email } = user;
  const prepare = mailToUser(deps, { emailHash, email, token: drawn.token });
  await deps.once(async (tx) => {
    const taken = await tx.get(users, emailHash);
    const mail = await prepare(tx);
    const free = !taken || taken.emailVerifiedAt === null;
    if (free) tx.set(users, user);
    // For a taken address it opens nothing: another password stands there.
    giveUserToken(tx, drawn, user, user.createdAt);
    mail(tx, free ? "verify-email" : "already-registered");
    return accept({});
  });
  return accept({ user, tokens: undefined });
}

/** Addresses are taken on trust where no mail can be sent. */
async function atOnce(deps: Deps, draft: User): Promise<Decision<Registered>> {
  const user = { ...draft, emailVerifiedAt: draft.createdAt };
  const drawn = drawRefreshToken(deps, deps.newId());
  const decision = await deps.once(async (tx): Promise<Decision<{ session: UserSession }>> => {
    if (await tx.get(users, user.emailHash)) return refuse("EMAIL_TAKEN", { field: "email" });
    return accept({ session: beginSession(tx, user, drawn, user.createdAt) });
  });
  if (!decision.ok) return decision;
  return accept({ user, tokens: await tokensOf(deps, decision.session, drawn.refreshToken) });
}
