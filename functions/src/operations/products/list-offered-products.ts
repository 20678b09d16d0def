import type { Product } from "../../core/records.ts";
import { products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

/** A page of the account's products that are not archived, newest first, with the number of all. */
export function listOfferedProducts(
  deps: Deps,
  accountId: string,
  page: PageNumber,
): Promise<{ items: readonly Product[]; total: number }> {
  const { store } = deps;
  const equal = { accountId, status: ["live", "unlisted"] };
  return pageByNumber(deps, {
    ...page,
    list: ["offered-products", accountId],
    accountId,
    count: () => store.count(products, "byAccountAndStatus", { equal }),
    query: (at) => store.query(products, "byAccountAndStatus", { equal, ...at }),
  });
}
