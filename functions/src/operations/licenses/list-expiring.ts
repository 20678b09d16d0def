import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

const DAY_MS = 86_400_000;
const STATUSES = ["active", "degraded", "suspended", "revoked"] as const;

/** A page of the account's licenses that expire within so many days, soonest first, with the number of all. */
export function listExpiring(
  deps: Deps,
  accountId: string,
  { days, ...page }: PageNumber & { readonly days: number },
): Promise<{ items: readonly License[]; total: number }> {
  const { store } = deps;
  const now = deps.now();
  const expiring = {
    equal: { accountId, status: STATUSES },
    range: { gt: now, lte: now + days * DAY_MS },
  };
  return pageByNumber(deps, {
    ...page,
    list: ["expiring", accountId, `${days}`],
    accountId,
    count: () => store.count(licenses, "countOfAccountByStatus", expiring),
    query: (at) => store.query(licenses, "countOfAccountByStatus", { ...expiring, ...at }),
  });
}
