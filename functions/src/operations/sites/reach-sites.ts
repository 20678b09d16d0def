import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Site } from "../../core/sites.ts";
import { sites } from "../../store/collections.ts";
import type { Page, PageAsk, Reader } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { reachLicense } from "../licenses/change-license.ts";
import { mayReach, type Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

/** One site, or the sites of a license or product: one of the three is given. */
export type SitesAsk = {
  readonly siteId?: string | undefined;
  readonly licenseKey?: string | undefined;
  readonly productId?: string | undefined;
};

export type Sites = {
  readonly accountId: string;
  /** The id of what they are the sites of. */
  readonly targetId: string;
  /** Newest first. */
  readonly page: (ask: PageAsk) => Promise<Page<Site>>;
  /** Whether the site is still one of them. */
  readonly has: (site: Site) => boolean;
};

/** The site, if the principal may see it. */
export async function reachSite(
  reader: Reader,
  principal: Principal,
  siteId: string,
): Promise<Decision<{ site: Site }>> {
  const site = await reader.get(sites, siteId);
  return site && mayReach(principal, site.accountId, site.productId ?? undefined)
    ? accept({ site })
    : refuse("SITE_NOT_FOUND", { field: "siteId" });
}

/** The sites that were asked for, if the principal may see them. */
export async function reachSites(
  deps: Pick<Deps, "store" | "vault">,
  principal: Principal,
  { siteId, licenseKey, productId = "" }: SitesAsk,
): Promise<Decision<Sites>> {
  const { store } = deps;
  if (siteId !== undefined) {
    const found = await reachSite(store, principal, siteId);
    if (!found.ok) return found;
    const { site } = found;
    return accept({
      accountId: site.accountId,
      targetId: siteId,
      page: async () => ({ items: [site], next: undefined }),
      has: ({ id }: Site) => id === siteId,
    });
  }
  if (licenseKey !== undefined) {
    const found = await reachLicense(store, principal, keyHashOf(deps, licenseKey));
    if (!found.ok) return found;
    const { id: licenseId, accountId } = found.license;
    return accept({
      accountId,
      targetId: licenseId,
      page: (ask: PageAsk) => store.query(sites, "byLicense", { equal: { licenseId }, ...ask }),
      has: (site: Site) => site.licenseId === licenseId,
    });
  }
  const found = await reachProduct(store, principal, { productId });
  if (!found.ok) return found;
  const { id, accountId } = found.product;
  return accept({
    accountId,
    targetId: id,
    page: (ask: PageAsk) => store.query(sites, "byProduct", { equal: { productId: id }, ...ask }),
    has: (site: Site) => site.productId === id,
  });
}
