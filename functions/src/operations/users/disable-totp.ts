import { accept, type Decision, refuse } from "../../core/decision.ts";
import { typedPassword, type User } from "../../core/users.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { countFailure, failuresOf } from "./failed.ts";
import { codeSpender } from "./second-factor.ts";
import type { UserCaller } from "./sessions.ts";

/** Takes the second factor away. A session in wrong hands must not: it asks for both factors again. */
export async function disableTotp(
  deps: Deps,
  { userHash }: UserCaller,
  ask: { readonly password: string; readonly code: string },
): Promise<Decision<{ user: User }>> {
  const now = deps.now();
  const { locked } = await failuresOf(deps.store, userHash, now);
  if (locked) return locked;
  const before = await deps.store.get(users, userHash);
  const right = await deps.passwords.verify(typedPassword(ask.password), before?.passwordHash);
  const spend = await codeSpender(deps);
  return deps.once(async (tx): Promise<Decision<{ user: User }>> => {
    const user = await tx.get(users, userHash);
    const { known, locked } = await failuresOf(tx, userHash, now);
    if (locked) return locked;
    if (!user) return refuse("TOKEN_INVALID");
    if (!user.totp) return refuse("TOTP_NOT_SET_UP");
    if (!right || user.passwordHash !== before?.passwordHash) {
      countFailure(tx, userHash, known, now);
      return refuse("CREDENTIALS_WRONG");
    }
    if (!spend(user, ask.code, now)) {
      countFailure(tx, userHash, known, now);
      return refuse("TOTP_CODE_WRONG");
    }
    const without: User = { ...user, totp: null, updatedAt: now };
    tx.set(users, without);
    return accept({ user: without });
  });
}
