import type { Membership } from "../../core/users.ts";
import { memberships } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

/** The members of an account, newest first. */
export function listMembers(
  deps: Deps,
  { accountId, ...ask }: PageNumber & { readonly accountId: string },
): Promise<{ items: readonly Membership[]; total: number }> {
  const equal = { accountId };
  return pageByNumber(deps, {
    ...ask,
    accountId,
    list: ["members", accountId],
    count: () => deps.store.count(memberships, "byAccount", { equal }),
    query: (page) => deps.store.query(memberships, "byAccount", { equal, ...page }),
  });
}
