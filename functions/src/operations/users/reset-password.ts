import { accept, type Decision, refuse } from "../../core/decision.ts";
import { typedPassword, type User } from "../../core/users.ts";
import { SALT_BYTES } from "../../crypto/passwords.ts";
import { users, userTokens } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { failuresOf, forgetFailures } from "./failed.ts";
import { endSessions } from "./sessions.ts";
import { readUserToken } from "./tokens.ts";

/** Sets a new password, which ends every login and voids every other link. The mail proved the address. */
export async function resetPassword(
  deps: Deps,
  ask: { readonly token: string; readonly password: string },
): Promise<Decision<{ user: User }>> {
  const now = deps.now();
  const asked = { kind: "reset-password", token: ask.token, now } as const;
  // Before the work of a hash, which is no stranger's to ask for.
  const open = await readUserToken(deps, deps.store, asked);
  if (!open) return refuse("LINK_INVALID", { field: "token" });
  const salt = deps.randomBytes(SALT_BYTES);
  const passwordHash = await deps.passwords.hash(typedPassword(ask.password), salt);
  return deps.once(async (tx): Promise<Decision<{ user: User }>> => {
    const found = await readUserToken(deps, tx, asked);
    if (!found) return refuse("LINK_INVALID", { field: "token" });
    const { known } = await failuresOf(tx, found.user.emailHash, now);
    const user: User = {
      ...endSessions(tx, found.user),
      passwordHash,
      emailVerifiedAt: found.user.emailVerifiedAt ?? now,
      updatedAt: now,
    };
    tx.delete(userTokens, found.token.id);
    forgetFailures(tx, known);
    tx.set(users, user);
    return accept({ user });
  });
}
