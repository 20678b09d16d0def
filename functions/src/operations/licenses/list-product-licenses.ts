import { isMeant, type ProductFilter, productFacetSought } from "../../core/product-facets.ts";
import type { License, Product } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import { facetToken } from "./facets.ts";
import { refileDue } from "./refile-due.ts";

/** Licenses that are looked at for a search that no facet holds. */
const MAX_LOOKED_AT = 1_000;

export type FoundLicense = { readonly license: License; readonly licenseKey: string };

/**
 * A page of the product's licenses by its number, newest first, with the number of all that are meant. A search
 * longer than facets go looks at licenses that begin alike, up to a thousand; a whole key is found in any case.
 */
export async function listProductLicenses(
  deps: Deps,
  product: Pick<Product, "id" | "accountId">,
  ask: Omit<ProductFilter, "productId"> & PageNumber,
): Promise<{ found: readonly FoundLicense[]; total: number }> {
  const { page, pageSize, ...rest } = ask;
  const filter = { ...rest, productId: product.id };
  if (filter.standing !== undefined) await refileDue(deps, product.id);
  const { facet, exact } = productFacetSought(filter);
  const contains = facetToken(deps, facet);
  const opened = (license: License): FoundLicense => ({
    license,
    licenseKey: deps.vault.open("license-key", license.keySealed),
  });
  if (exact) {
    const { items, total } = await pageByNumber(deps, {
      page,
      pageSize,
      list: ["licenses", contains],
      accountId: product.accountId,
      count: () => deps.store.count(licenses, "byFacet", { contains }),
      query: (at) => deps.store.query(licenses, "byFacet", { contains, ...at }),
    });
    return { found: items.map(opened), total };
  }
  const now = deps.now();
  const meant = (await candidates(deps, contains, filter.search ?? ""))
    .map(opened)
    .filter(({ license, licenseKey }) => isMeant(license, licenseKey, filter, now));
  const skip = (page - 1) * pageSize;
  return { found: meant.slice(skip, skip + pageSize), total: meant.length };
}

async function candidates(deps: Deps, contains: string, search: string): Promise<License[]> {
  const [{ items }, named] = await Promise.all([
    deps.store.query(licenses, "byFacet", { contains, limit: MAX_LOOKED_AT }),
    deps.store.get(licenses, keyHashOf(deps, search)),
  ]);
  const isNew = named && !items.some(({ id }) => id === named.id);
  return isNew ? [...items, named] : [...items];
}
