import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { User } from "../../core/users.ts";
import { users, userTokens } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { readUserToken } from "./tokens.ts";

/** Takes the proof, from the mail, that the address is the user's. */
export function verifyEmail(deps: Deps, token: string): Promise<Decision<{ user: User }>> {
  const now = deps.now();
  return deps.once(async (tx): Promise<Decision<{ user: User }>> => {
    const found = await readUserToken(deps, tx, { kind: "verify-email", token, now });
    if (!found) return refuse("LINK_INVALID", { field: "token" });
    const user = { ...found.user, emailVerifiedAt: found.user.emailVerifiedAt ?? now };
    tx.delete(userTokens, found.token.id);
    tx.set(users, { ...user, updatedAt: now });
    return accept({ user });
  });
}
