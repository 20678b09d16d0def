import type { Account } from "../../core/plans.ts";
import type { Membership } from "../../core/users.ts";
import { accounts, memberships } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** An account as one of its members sees it. */
export type Org = { readonly account: Account; readonly membership: Membership };

/** More organizations than that nobody is shown. */
const MOST_SHOWN = 400;

/** Where the user is a member, the newest membership first. */
export async function listMemberships(
  deps: Pick<Deps, "store">,
  userId: string,
): Promise<readonly Membership[]> {
  const ask = { equal: { userId }, limit: MOST_SHOWN };
  return (await deps.store.query(memberships, "byUser", ask)).items;
}

export async function listOrgs(deps: Pick<Deps, "store">, userId: string): Promise<Org[]> {
  const mine = await listMemberships(deps, userId);
  const found = await deps.store.getMany(
    accounts,
    mine.map(({ accountId }) => accountId),
  );
  return mine.flatMap((membership, index) => {
    const account = found[index];
    return account ? [{ account, membership }] : [];
  });
}
