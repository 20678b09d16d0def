import { accept, type Decision, refuse } from "../../core/decision.ts";
import { CHALLENGE_FAILURES, type User, type UserSession } from "../../core/users.ts";
import { userTokens } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { countFailure, failuresOf, forgetFailures } from "./failed.ts";
import type { LoggedIn } from "./login.ts";
import { codeSpender } from "./second-factor.ts";
import { beginSession, drawRefreshToken, tokensOf } from "./sessions.ts";
import { readUserToken } from "./tokens.ts";

/** The second half of a login. Wrong codes burn the challenge and count against the address. */
export async function verifyLogin(
  deps: Deps,
  { challengeToken, code }: { readonly challengeToken: string; readonly code: string },
): Promise<Decision<LoggedIn>> {
  const now = deps.now();
  const drawn = drawRefreshToken(deps, deps.newId());
  const spend = await codeSpender(deps);
  const ask = { kind: "login-challenge", token: challengeToken, now } as const;
  const decision = await deps.once(
    async (tx): Promise<Decision<{ user: User; session: UserSession }>> => {
      const found = await readUserToken(deps, tx, ask);
      if (!found?.user.totp) return refuse("LOGIN_CHALLENGE_INVALID");
      const { emailHash } = found.user;
      const { known, locked } = await failuresOf(tx, emailHash, now);
      if (locked) return locked;
      const totp = spend(found.user, code, now);
      if (!totp) {
        countFailure(tx, emailHash, known, now);
        const failures = found.token.failures + 1;
        if (failures < CHALLENGE_FAILURES) tx.set(userTokens, { ...found.token, failures });
        else tx.delete(userTokens, found.token.id);
        return refuse("TOTP_CODE_WRONG");
      }
      const user = { ...found.user, totp };
      tx.delete(userTokens, found.token.id);
      forgetFailures(tx, known);
      return accept({ user, session: beginSession(tx, user, drawn, now) });
    },
  );
  if (!decision.ok) return decision;
  const tokens = await tokensOf(deps, decision.session, drawn.refreshToken);
  return accept({ user: decision.user, tokens });
}
