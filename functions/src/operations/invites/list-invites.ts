import type { Invite } from "../../core/invites.ts";
import { invites } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

/** The invites of an account that may be accepted now, the last one sent first. */
export function listInvites(
  deps: Deps,
  { accountId, ...ask }: PageNumber & { readonly accountId: string },
): Promise<{ items: readonly Invite[]; total: number }> {
  const equal = { accountId, status: "PENDING" } as const;
  const range = { gt: deps.now() };
  return pageByNumber(deps, {
    ...ask,
    accountId,
    list: ["invites", accountId],
    count: () => deps.store.count(invites, "byAccountAndStatus", { equal, range }),
    query: (page) => deps.store.query(invites, "byAccountAndStatus", { equal, range, ...page }),
  });
}
