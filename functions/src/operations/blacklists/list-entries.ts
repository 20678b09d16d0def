import { BLACKLIST_TYPES, type BlacklistEntry, foldValue } from "../../core/blacklists.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { blacklistEntries } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

export type EntriesAsk = PageNumber & {
  readonly productId: string;
  readonly type?: BlacklistEntry["type"] | undefined;
  /** A part of the value, in whatever case; of longer values the first 100 characters are searched. */
  readonly search?: string | undefined;
};

/** A page of the product's blacklist, newest first, with the number of all that are meant. */
export async function listBlacklistEntries(
  deps: Deps,
  principal: Principal,
  { productId, type, search = "", ...page }: EntriesAsk,
): Promise<Decision<{ entries: readonly BlacklistEntry[]; total: number }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  const { id, accountId } = found.product;
  const substring = foldValue(search);
  const meant = { equal: { productId: id, type: type ? [type] : BLACKLIST_TYPES }, substring };
  const { items, total } = await pageByNumber(deps, {
    ...page,
    list: ["blacklist", id, type ?? "", substring],
    accountId,
    count: () => deps.store.count(blacklistEntries, "byType", meant),
    query: (at) => deps.store.query(blacklistEntries, "byType", { ...meant, ...at }),
  });
  return accept({ entries: items, total });
}
