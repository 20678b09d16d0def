import { accept, type Decision, refuse } from "../../core/decision.ts";
import { typedPassword, type User, type UserSession } from "../../core/users.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { emailHashOf } from "./emails.ts";
import { countFailure, failuresOf, forgetFailures } from "./failed.ts";
import { beginSession, drawRefreshToken, type Tokens, tokensOf } from "./sessions.ts";
import { drawUserToken, giveUserToken } from "./tokens.ts";

export type LoggedIn = { readonly user: User; readonly tokens: Tokens };
export type Challenged = {
  readonly challenge: { readonly token: string; readonly expiresAt: number };
};

/**
 * A login, or the challenge of a second factor. An address that nobody has costs the same documents,
 * the same hash and the same words as a wrong password.
 */
export async function login(
  deps: Deps,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<Decision<LoggedIn | Challenged>> {
  const emailHash = emailHashOf(deps.vault, email);
  const now = deps.now();
  const drawn = drawRefreshToken(deps, deps.newId());
  const challenge = drawUserToken(deps, "login-challenge");
  const [before, { locked }] = await Promise.all([
    deps.store.get(users, emailHash),
    failuresOf(deps.store, emailHash, now),
  ]);
  if (locked) return locked;
  const right = await deps.passwords.verify(typedPassword(password), before?.passwordHash);
  const decision = await deps.once(async (tx): Promise<Decision<Begun | Challenged>> => {
    // Guesses that were sent together may have locked it meanwhile.
    const failures = await failuresOf(tx, emailHash, now);
    const user = await tx.get(users, emailHash);
    if (failures.locked) return failures.locked;
    if (!right || !user || user.passwordHash !== before?.passwordHash) {
      countFailure(tx, emailHash, failures.known, now);
      return refuse("CREDENTIALS_WRONG");
    }
    if (deps.settings.dashboard.verifyEmails && user.emailVerifiedAt === null) {
      return refuse("EMAIL_NOT_VERIFIED");
    }
    if (user.totp) {
      const { expireAt: expiresAt } = giveUserToken(tx, challenge, user, now);
      return accept({ challenge: { token: challenge.token, expiresAt } });
    }
    forgetFailures(tx, failures.known);
    // Where addresses are taken on trust, a login is proof enough: nobody may register over it later.
    const trusted = { ...user, emailVerifiedAt: user.emailVerifiedAt ?? now };
    return accept({ user: trusted, session: beginSession(tx, trusted, drawn, now) });
  });
  if (!decision.ok || "challenge" in decision) return decision;
  const tokens = await tokensOf(deps, decision.session, drawn.refreshToken);
  return accept({ user: decision.user, tokens });
}

type Begun = { readonly user: User; readonly session: UserSession };
