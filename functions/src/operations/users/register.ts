import { accept, type Decision, refuse } from "../../core/decision.ts";
import { typedPassword, type User, type UserSession } from "../../core/users.ts";
import { SALT_BYTES } from "../../crypto/passwords.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { emailHashOf, userIdOf } from "./emails.ts";
import { mailToUser } from "./mail-to-user.ts";
import { beginSession, drawRefreshToken, type Tokens, tokensOf } from "./sessions.ts";
import { drawUserToken, giveUserToken } from "./tokens.ts";

type Registered = { readonly user: User; readonly tokens: Tokens | undefined };

/**
 * Makes a user. Where addresses are verified, one that is taken gets the same answer, and its owner
 * a mail; elsewhere it is refused.
 */
export async function register(
  deps: Deps,
  ask: { readonly email: string; readonly password: string; readonly name: string | null },
): Promise<Decision<Registered>> {
  const { verifyEmails, openRegistration } = deps.settings.dashboard;
  if (!openRegistration) return refuse("REGISTRATION_CLOSED");
  const user = await draftUser(deps, ask);
  return verifyEmails ? announced(deps, user) : atOnce(deps, user);
}

async function draftUser(
  deps: Deps,
  { email, password, name }: Parameters<typeof register>[1],
): Promise<User> {
  const emailHash = emailHashOf(deps.vault, email);
  const now = deps.now();
  const salt = deps.randomBytes(SALT_BYTES);
  return {
    emailHash,
    id: userIdOf(emailHash),
    email,
    name,
    passwordHash: await deps.passwords.hash(typedPassword(password), salt),
    emailVerifiedAt: null,
    totp: null,
    pendingTotpSealed: null,
    activeAccountId: null,
    sessions: [],
    createdAt: now,
    updatedAt: now,
  };
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
