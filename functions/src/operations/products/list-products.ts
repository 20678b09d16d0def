import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import { products } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import { accountToList } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

export type ListProductsAsk = PageAsk & {
  /** Unlisted and archived ones too. */
  readonly includeAll: boolean;
  readonly creatorId?: string | undefined;
};

/** Products, newest first: an account's, or those of all accounts for an administrator who names none. */
export async function listProducts(
  deps: Deps,
  principal: Principal,
  { creatorId, ...ask }: ListProductsAsk,
): Promise<Decision<{ page: Page<Product> }>> {
  const owner = accountToList(principal, creatorId);
  if (!owner.ok) return owner;
  const bound = principal.kind === "account" ? principal.productIds : null;
  return accept({
    page: bound ? await boundPage(deps, bound, ask) : await pageOf(deps, owner.accountId, ask),
  });
}

function pageOf(
  { store }: Deps,
  accountId: string | undefined,
  { includeAll, ...page }: PageAsk & { readonly includeAll: boolean },
): Promise<Page<Product>> {
  const live = { status: "live" };
  if (accountId === undefined) {
    return includeAll
      ? store.query(products, "all", page)
      : store.query(products, "byStatus", { equal: live, ...page });
  }
  return includeAll
    ? store.query(products, "byAccount", { equal: { accountId }, ...page })
    : store.query(products, "byAccountAndStatus", { equal: { accountId, ...live }, ...page });
}

/** A key's own products are few: all of them are one page. */
async function boundPage(
  { store }: Deps,
  productIds: readonly string[],
  { includeAll }: { readonly includeAll: boolean },
): Promise<Page<Product>> {
  const found = await store.getMany(products, productIds);
  const items = found
    .filter((product) => product !== undefined)
    .filter(({ status }) => includeAll || status === "live")
    .sort((one, other) => other.createdAt - one.createdAt);
  return { items, next: undefined };
}
