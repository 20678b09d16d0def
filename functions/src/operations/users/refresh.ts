import { accept, type Decision, refuse } from "../../core/decision.ts";
import { REFRESH_TOKEN_MS, type UserSession } from "../../core/users.ts";
import { sameSecret } from "../../crypto/vault.ts";
import { userSessions } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { drawRefreshToken, sessionIdOf, type Tokens, tokensOf } from "./sessions.ts";

/**
 * Trades a refresh token for the next. One that was traded before is in two hands, and nobody can
 * say whose: the login ends for both.
 */
export async function refresh(
  deps: Deps,
  refreshToken: string,
): Promise<Decision<{ tokens: Tokens }>> {
  const now = deps.now();
  const id = sessionIdOf(refreshToken);
  if (id === undefined) return refuse("REFRESH_TOKEN_INVALID");
  const given = deps.vault.hash("refresh-token", refreshToken);
  const next = drawRefreshToken(deps, id);
  const decision = await deps.once(async (tx): Promise<Decision<{ session: UserSession }>> => {
    const known = await tx.get(userSessions, id);
    if (!known || known.expireAt <= now) return refuse("REFRESH_TOKEN_INVALID");
    if (!sameSecret(known.tokenHash, given)) {
      tx.delete(userSessions, id);
      return refuse("REFRESH_TOKEN_INVALID");
    }
    const { tokenHash } = next;
    const session = { ...known, tokenHash, refreshedAt: now, expireAt: now + REFRESH_TOKEN_MS };
    tx.set(userSessions, session);
    return accept({ session });
  });
  if (!decision.ok) return decision;
  return accept({ tokens: await tokensOf(deps, decision.session, next.refreshToken) });
}
