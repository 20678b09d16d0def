import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Account } from "../../core/plans.ts";
import type { Membership } from "../../core/users.ts";
import { accounts } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Member } from "../principal.ts";
import type { Org } from "./list-orgs.ts";
import { freeSlug, giveSlugBack, takeSlug } from "./slugs.ts";

export type UpdateOrgAsk = {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly portalEnabled?: boolean | undefined;
};

export function updateOrg(
  deps: Deps,
  { principal, membership }: { readonly principal: Member; readonly membership: Membership },
  ask: UpdateOrgAsk,
): Promise<Decision<Org>> {
  const { accountId } = principal;
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Org>> => {
    const before = await tx.get(accounts, accountId);
    if (!before) return refuse("ORG_NOT_FOUND");
    const account: Account = { ...before, ...given(ask) };
    if (!changes(before, account)) return accept({ account, membership });
    if (account.slug !== null && account.slug !== before.slug) {
      const free = await freeSlug(tx, [account.slug]);
      if (free === undefined) return refuse("ORG_SLUG_TAKEN", { field: "slug" });
      takeSlug(tx, free, accountId, now);
      giveSlugBack(tx, before.slug);
    }
    tx.set(accounts, account);
    audit(tx, { accountId, action: "org.update", targetId: accountId, before, after: account });
    return accept({ account, membership });
  });
}
