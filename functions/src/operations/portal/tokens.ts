import { accept, type Decision, refuse } from "../../core/decision.ts";
import {
  END_USER_TOKEN_MS,
  type EndUser,
  isTokenGood,
  tokenBlocked,
} from "../../core/end-users.ts";
import { readEndUserToken, signEndUserToken } from "../../crypto/access-tokens.ts";
import { endUsers } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { orgIdOf } from "../members/reach.ts";

/** Who is logged in at a portal, and by which token. */
export type EndUserCaller = {
  readonly endUser: EndUser;
  readonly token: { readonly id: string; readonly expireAt: number };
};

export const tokenOf = (
  deps: Pick<Deps, "accessTokenKeys">,
  { id, accountId, tokenGeneration }: EndUser,
  { jti, now }: { readonly jti: string; readonly now: number },
): Promise<string> =>
  signEndUserToken(deps.accessTokenKeys, {
    sub: id,
    org: orgIdOf(accountId),
    jti,
    generation: tokenGeneration,
    issuedAt: now,
    expiresAt: now + END_USER_TOKEN_MS,
  });

/** Who sent the token. A ban is told to whoever would be let in without it. */
export async function authenticateEndUser(
  deps: Pick<Deps, "store" | "accessTokenKeys" | "now" | "portalOf">,
  token: string,
): Promise<Decision<{ caller: EndUserCaller }>> {
  const reading = await readEndUserToken(deps.accessTokenKeys, token, deps.now());
  if (reading.state === "expired") return refuse("TOKEN_EXPIRED");
  if (reading.state === "invalid") return refuse("TOKEN_INVALID");
  const { sub, org, jti: id, generation, expiresAt: expireAt } = reading;
  const endUser = await deps.store.get(endUsers, sub);
  const isGood = endUser && isTokenGood(endUser, { id, generation });
  if (!isGood || orgIdOf(endUser.accountId) !== org) return refuse("TOKEN_INVALID");
  if (endUser.bannedAt !== null) return refuse("USER_BANNED");
  if (!(await deps.portalOf(endUser.accountId))) return refuse("ORG_NOT_FOUND");
  return accept({ caller: { endUser, token: { id, expireAt } } });
}

/** Blocks the token for as long as it would be good. */
export function logoutEndUser(
  deps: Deps,
  { endUser: { id }, token }: EndUserCaller,
): Promise<Decision<object>> {
  const now = deps.now();
  return deps.once(async (tx): Promise<Decision<object>> => {
    const endUser = await tx.get(endUsers, id);
    if (endUser) tx.set(endUsers, tokenBlocked(endUser, token, now));
    return accept({});
  });
}
