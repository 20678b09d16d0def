import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { EndUser } from "../../core/end-users.ts";
import { typedPassword } from "../../core/users.ts";
import { endUsers } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { countFailure, failuresOf, forgetFailures } from "../users/failed.ts";
import { addressHash, endUserIdOf } from "./names.ts";
import { findPortal, type Portal } from "./portals.ts";
import { tokenOf } from "./tokens.ts";

export type PortalLogin = {
  readonly endUser: EndUser;
  readonly portal: Portal;
  readonly token: string;
};

/**
 * A login at the organization's portal. An address that nobody has costs the same documents, the same
 * hash and the same words as a wrong password; a ban is told to the right one alone.
 */
export async function loginEndUser(
  deps: Deps,
  ask: { readonly orgSlug: string; readonly email: string; readonly password: string },
): Promise<Decision<PortalLogin>> {
  const found = await findPortal(deps.store, ask.orgSlug);
  if (!found.ok) return found;
  const { portal } = found;
  const hash = addressHash(deps.vault, portal.id, ask.email);
  const id = endUserIdOf(hash);
  const now = deps.now();
  const jti = deps.newId();
  const [before, { locked }] = await Promise.all([
    deps.store.get(endUsers, id),
    failuresOf(deps.store, hash, now),
  ]);
  if (locked) return locked;
  const stored = before?.passwordHash ?? undefined;
  const right = await deps.passwords.verify(typedPassword(ask.password), stored);
  const decision = await deps.once(async (tx): Promise<Decision<{ endUser: EndUser }>> => {
    // Guesses that were sent together may have locked it meanwhile.
    const failures = await failuresOf(tx, hash, now);
    const endUser = await tx.get(endUsers, id);
    if (failures.locked) return failures.locked;
    if (!right || !endUser || endUser.passwordHash !== stored) {
      countFailure(tx, hash, failures.known, now);
      return refuse("CREDENTIALS_WRONG");
    }
    forgetFailures(tx, failures.known);
    return endUser.bannedAt === null ? accept({ endUser }) : refuse("USER_BANNED");
  });
  if (!decision.ok) return decision;
  const { endUser } = decision;
  return accept({ endUser, portal, token: await tokenOf(deps, endUser, { jti, now }) });
}
