import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type Account, newAccount } from "../../core/plans.ts";
import { slugCandidates } from "../../core/products.ts";
import type { Membership } from "../../core/users.ts";
import { accounts, memberships, users } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { membershipOf } from "../members/reach.ts";
import type { UserCaller } from "../users/sessions.ts";
import type { Org } from "./list-orgs.ts";
import { freeSlug, takeSlug } from "./slugs.ts";

/** Makes an organization, which is an account, with a portal for its customers and the caller as its OWNER. */
export async function createOrg(
  deps: Deps,
  { userId, userHash }: UserCaller,
  { name, slug }: { readonly name: string; readonly slug?: string | undefined },
): Promise<Decision<Org>> {
  const accountId = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, { kind: "member", accountId, userId, role: "OWNER" });
  return deps.once(async (tx): Promise<Decision<Org>> => {
    const user = await tx.get(users, userHash);
    if (!user) return refuse("TOKEN_INVALID");
    const free = await freeSlug(
      tx,
      slug === undefined ? slugCandidates(name, accountId, "org") : [slug],
    );
    if (free === undefined) return refuse("ORG_SLUG_TAKEN", { field: "slug" });
    const made = { name, slug: free, portalEnabled: true, owners: 1 };
    const account: Account = { ...newAccount(accountId, now), ...made };
    const membership: Membership = membershipOf(user, accountId, { role: "OWNER", now });
    tx.create(accounts, account);
    tx.create(memberships, membership);
    takeSlug(tx, free, accountId, now);
    const activeAccountId = user.activeAccountId ?? accountId;
    tx.set(users, { ...user, activeAccountId, updatedAt: now });
    audit(tx, {
      accountId,
      action: "org.create",
      targetId: accountId,
      before: null,
      after: account,
    });
    return accept({ account, membership });
  });
}
