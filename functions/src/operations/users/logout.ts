import { userSessions } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { sessionIdOf } from "./sessions.ts";

/** Ends the login that the refresh token belongs to, its access tokens with it. */
export async function logout(deps: Pick<Deps, "store">, refreshToken: string): Promise<void> {
  const id = sessionIdOf(refreshToken);
  if (id === undefined) return;
  await deps.store.commit([{ kind: "delete", collection: userSessions, id }]);
}
