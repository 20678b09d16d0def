import { userSessions, users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { sessionIdOf } from "./sessions.ts";

/**
 * Ends the login that the refresh token belongs to, its access tokens with it. It takes no other login's
 * room any more.
 */
export async function logout(deps: Pick<Deps, "store">, refreshToken: string): Promise<void> {
  const id = sessionIdOf(refreshToken);
  if (id === undefined) return;
  await deps.store.transaction(async (tx) => {
    const session = await tx.get(userSessions, id);
    if (!session) return;
    const user = await tx.get(users, session.userHash);
    tx.delete(userSessions, id);
    if (!user) return;
    tx.set(users, { ...user, sessions: user.sessions.filter((one) => one !== id) });
  });
}
