import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Account } from "../../core/plans.ts";
import { type Ability, hasAbility, type Role } from "../../core/roles.ts";
import type { Membership, User } from "../../core/users.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { accounts, memberships } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { DEFAULT_ACCOUNT, type Member } from "../principal.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What the dashboard calls an account: its id where that is a UUID, else one that follows from it. */
export const orgIdOf = (accountId: string): string =>
  UUID.test(accountId) ? accountId : derivedUuid("org", accountId);

/** The account that an operator names: a UUID means the same in any case, and that of an answer the default account. */
export function accountIdNamed(named: string): string {
  const orgId = named.toLowerCase();
  if (orgId === orgIdOf(DEFAULT_ACCOUNT)) return DEFAULT_ACCOUNT;
  return orgId === orgIdOf(orgId) ? orgId : named;
}

/** There is one for a user and an organization, so it is found without a list. */
export const membershipId = (userId: string, orgId: string): string =>
  derivedUuid("membership", userId, orgId);

/** What makes the user a member; the caller counts owners and writes it. */
export const membershipOf = (
  { id: userId, emailHash: userHash, email, name }: User,
  accountId: string,
  { role, now }: { readonly role: Role; readonly now: number },
): Membership => ({
  id: membershipId(userId, orgIdOf(accountId)),
  userId,
  userHash,
  accountId,
  email,
  name,
  role,
  createdAt: now,
  updatedAt: now,
});

/** The user as member of the organization. To others than its members it does not exist. */
export async function reachOrg(
  deps: Pick<Deps, "store">,
  userId: string,
  { orgId, ability }: { readonly orgId: string; readonly ability: Ability },
): Promise<Decision<{ membership: Membership; principal: Member }>> {
  const membership = await deps.store.get(memberships, membershipId(userId, orgId));
  if (!membership) return refuse("ORG_NOT_FOUND");
  const { accountId, role } = membership;
  if (!hasAbility(role, ability)) return refuse("ROLE_TOO_LOW");
  return accept({ membership, principal: { kind: "member", accountId, userId, role } });
}

/** Who asks and whom it is about, as they are in the transaction: roles may have changed since `reachOrg`. */
export async function readMembers(
  tx: Reader,
  { accountId, userId }: Member,
  targetId: string,
): Promise<Decision<{ account: Account; actor: Membership; target: Membership | undefined }>> {
  const orgId = orgIdOf(accountId);
  const account = await tx.get(accounts, accountId);
  const actor = await tx.get(memberships, membershipId(userId, orgId));
  const target = await tx.get(memberships, membershipId(targetId, orgId));
  return account && actor ? accept({ account, actor, target }) : refuse("ORG_NOT_FOUND");
}
