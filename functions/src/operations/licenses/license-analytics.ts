import { STANDINGS, type Standing } from "../../core/licenses.ts";
import { type ProductFilter, productFacetSought } from "../../core/product-facets.ts";
import type { Product } from "../../core/records.ts";
import { licenses, products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { facetToken } from "./facets.ts";
import { refileDue } from "./refile-due.ts";

/** Each costs a count for every standing. */
const MAX_PRODUCTS = 100;

export type StandingCounts = { readonly [S in Standing]: number };

/** How many licenses of the account stand how, in all and of each product, newest product first. */
export async function licenseAnalytics(deps: Deps, accountId: string) {
  await refileDue(deps, { accountId });
  const { items } = await deps.store.query(products, "byAccount", {
    equal: { accountId },
    limit: MAX_PRODUCTS,
  });
  const [all, byProduct] = await Promise.all([
    countsOf(deps, { accountId }),
    Promise.all(
      items.map(async (product) => ({ product, counts: await countsOfProduct(deps, product) })),
    ),
  ]);
  return { all, byProduct };
}

const countsOfProduct = (deps: Deps, { id: productId }: Product) => countsOf(deps, { productId });

async function countsOf(
  deps: Deps,
  whose: { readonly productId: string } | { readonly accountId: string },
): Promise<StandingCounts> {
  const counted = await Promise.all(
    STANDINGS.map(async (standing) => {
      const filter: ProductFilter = { ...whose, standing, seesOwners: true };
      const contains = facetToken(deps, productFacetSought(filter).facet);
      return [standing, await deps.store.count(licenses, "byFacet", { contains })] as const;
    }),
  );
  return Object.fromEntries(counted) as StandingCounts;
}
