import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type EndUser, foldedNames } from "../../core/end-users.ts";
import { typedPassword } from "../../core/users.ts";
import { SALT_BYTES } from "../../crypto/passwords.ts";
import { endUsers, reservations } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { PortalLogin } from "./login.ts";
import { addressHash, endUserIdOf, usernameId } from "./names.ts";
import { findPortal, type Portal } from "./portals.ts";
import { tokenOf } from "./tokens.ts";

export type EndUserAsk = {
  readonly orgSlug: string;
  readonly email: string;
  readonly password: string;
  readonly username: string | null;
};

/** Makes an end user of the organization. That an address or a name is taken is told, as the reference has it. */
export async function registerEndUser(deps: Deps, ask: EndUserAsk): Promise<Decision<PortalLogin>> {
  const found = await findPortal(deps.store, ask.orgSlug);
  if (!found.ok) return found;
  const { portal } = found;
  const endUser = await draft(deps, portal, ask);
  const jti = deps.newId();
  const { id, accountId, username, createdAt: now } = endUser;
  const reserved = username === null ? null : usernameId(accountId, username);
  const made = await deps.once(async (tx): Promise<Decision<object>> => {
    const known = await tx.get(endUsers, id);
    const named = reserved === null ? undefined : await tx.get(reservations, reserved);
    if (known) return refuse("EMAIL_TAKEN", { field: "email" });
    if (named) return refuse("USERNAME_TAKEN", { field: "username" });
    tx.create(endUsers, endUser);
    if (reserved !== null) {
      const kind = "end-user-name";
      tx.create(reservations, { id: reserved, kind, accountId, targetId: id, createdAt: now });
    }
    return accept({});
  });
  if (!made.ok) return made;
  return accept({ endUser, portal, token: await tokenOf(deps, endUser, { jti, now }) });
}

async function draft(deps: Deps, portal: Portal, ask: EndUserAsk): Promise<EndUser> {
  const { email, username, password } = ask;
  const now = deps.now();
  const salt = deps.randomBytes(SALT_BYTES);
  return {
    id: endUserIdOf(addressHash(deps.vault, portal.id, email)),
    accountId: portal.id,
    email,
    username,
    folded: foldedNames({ email, username }),
    passwordHash: await deps.passwords.hash(typedPassword(password), salt),
    bannedAt: null,
    tokenGeneration: 0,
    blockedTokens: [],
    licenseCounts: {},
    productIds: [],
    createdAt: now,
    updatedAt: now,
  };
}
