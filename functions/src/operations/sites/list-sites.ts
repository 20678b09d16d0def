import { accept, type Decision, refuse } from "../../core/decision.ts";
import { waitingActions } from "../../core/site-actions.ts";
import type { Site } from "../../core/sites.ts";
import { encodeCursor } from "../../store/collection.ts";
import { sites } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import { accountToList } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachSites } from "./reach-sites.ts";
import { licensesOfSites, refreshOf } from "./site-license.ts";

export type ListSitesAsk = PageAsk & {
  readonly creatorId?: string | undefined;
  /** At most one of the two. */
  readonly productId?: string | undefined;
  readonly licenseKey?: string | undefined;
};

export type ListedSite = { readonly site: Site; readonly pendingActions: number };

/** Sites, newest first: of an account, a product or a license. Each license among theirs is read too. */
export async function listSites(
  deps: Deps,
  principal: Principal,
  ask: ListSitesAsk,
): Promise<Decision<{ page: Page<ListedSite> }>> {
  const found = await sitesPage(deps, principal, ask);
  if (!found.ok) return found;
  const { items, next } = found.page;
  const licenses = await licensesOfSites(deps, items);
  const now = deps.now();
  const listed = items.map((site) => {
    const refresh = refreshOf(site, licenses.get(site.licenseId ?? ""), now);
    return { site, pendingActions: waitingActions(site, refresh, now).length };
  });
  return accept({ page: { items: listed, next } });
}

async function sitesPage(
  deps: Deps,
  principal: Principal,
  { creatorId, productId, licenseKey, ...page }: ListSitesAsk,
): Promise<Decision<{ page: Page<Site> }>> {
  const owner = accountToList(principal, creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  const { store } = deps;
  if (productId !== undefined || licenseKey !== undefined) {
    const found = await reachSites(deps, principal, { productId, licenseKey });
    if (!found.ok) return found;
    if (accountId !== undefined && found.accountId !== accountId) {
      return licenseKey === undefined
        ? refuse("PRODUCT_NOT_FOUND", { field: "productId" })
        : refuse("LICENSE_NOT_FOUND");
    }
    return accept({ page: await found.page(page) });
  }
  const bound = principal.kind === "account" ? principal.productIds : null;
  if (bound) return accept({ page: await pageOfProducts(deps, bound, page) });
  return accept({
    page: await (accountId === undefined
      ? store.query(sites, "newest", page)
      : store.query(sites, "byAccount", { equal: { accountId }, ...page })),
  });
}

/** Values that one query may compare with. */
const MOST_VALUES = 30;

/** A key may be bound to more products than one query takes: the queries share one order, and so one cursor. */
async function pageOfProducts(
  { store }: Deps,
  productIds: readonly string[],
  page: PageAsk,
): Promise<Page<Site>> {
  const parts = [productIds.slice(0, MOST_VALUES), productIds.slice(MOST_VALUES)];
  const pages = await Promise.all(
    parts
      .filter((part) => part.length > 0)
      .map((productId) => store.query(sites, "byProduct", { equal: { productId }, ...page })),
  );
  const merged = pages.flatMap(({ items }) => items).sort(newestFirst);
  const items = merged.slice(0, page.limit);
  const last = items.at(-1);
  const more = merged.length > items.length || pages.some(({ next }) => next !== undefined);
  const next = more && last && encodeCursor({ value: last.registeredAt, id: last.id });
  return { items, next: next || undefined };
}

const newestFirst = (a: Site, b: Site): number =>
  b.registeredAt - a.registeredAt || (a.id < b.id ? 1 : -1);
