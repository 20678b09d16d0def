import { accept, type Decision, refuse } from "../../core/decision.ts";
import { users } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Org } from "../orgs/list-orgs.ts";
import type { UserCaller } from "../users/sessions.ts";
import { joining } from "./join.ts";

/** Lets whoever is logged in into the organization that invited the address. */
export function acceptInvite(
  deps: Deps,
  caller: UserCaller,
  token: string,
): Promise<Decision<Org>> {
  const now = deps.now();
  const join = joining(deps, caller, token);
  return deps.once(async (tx): Promise<Decision<Org>> => {
    const user = await tx.get(users, caller.userHash);
    if (!user) return refuse("TOKEN_INVALID");
    const joined = await join(tx);
    if (!joined.ok) return joined;
    const { account, write } = joined;
    const membership = write(tx, user);
    tx.set(users, {
      ...user,
      emailVerifiedAt: user.emailVerifiedAt ?? now,
      activeAccountId: user.activeAccountId ?? account.id,
      updatedAt: now,
    });
    return accept({ account, membership });
  });
}
