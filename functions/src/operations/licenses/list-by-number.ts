import {
  isMeant,
  type ProductFilter,
  productFacetSought,
  type Within,
} from "../../core/product-facets.ts";
import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import { facetToken } from "./facets.ts";
import { mergedPage, newestFirst } from "./merged-page.ts";
import { refileDue, type Whose } from "./refile-due.ts";

/** Licenses that are looked at for a search that no facet holds. */
const MAX_LOOKED_AT = 1_000;

export type FoundLicense = { readonly license: License; readonly licenseKey: string };
export type FoundLicenses = { readonly found: readonly FoundLicense[]; readonly total: number };

/** What is asked of each of several accounts, or of one product. */
export type NumberedAsk = Pick<ProductFilter, "standing" | "endUserId" | "search"> & PageNumber;

/**
 * A page of licenses by its number, newest first, with the number of all that are meant. A search
 * longer than facets go looks at licenses that begin alike, up to a thousand; a whole key is found in any case.
 */
export async function listByNumber(
  deps: Deps,
  { accountId, within }: { readonly accountId: string; readonly within: readonly Within[] },
  { page, pageSize, ...rest }: NumberedAsk,
): Promise<FoundLicenses> {
  if (rest.standing !== undefined)
    await Promise.all(within.map((whose) => refileDue(deps, dueIn(whose))));
  const filters = within.map((whose): ProductFilter => ({ ...rest, ...whose }));
  const sought = filters.map(productFacetSought);
  const tokens = sought.map(({ facet }) => facetToken(deps, facet));
  const opened = (license: License): FoundLicense => ({
    license,
    licenseKey: deps.vault.open("license-key", license.keySealed),
  });
  if (sought.every(({ exact }) => exact)) {
    const { items, total } = await pageByNumber(deps, {
      page,
      pageSize,
      list: ["licenses", ...tokens],
      accountId,
      count: () => countOf(deps, tokens),
      query: (at) => mergedPage(deps, tokens, at),
    });
    return { found: items.map(opened), total };
  }
  const now = deps.now();
  const meant = (await candidates(deps, tokens, rest.search ?? ""))
    .map(opened)
    .filter(({ license, licenseKey }) =>
      filters.some((filter) => isMeant(license, licenseKey, filter, now)),
    )
    .sort((one, other) => newestFirst(one.license, other.license));
  const skip = (page - 1) * pageSize;
  return { found: meant.slice(skip, skip + pageSize), total: meant.length };
}

const dueIn = (within: Within): Whose =>
  "productId" in within ? { productId: within.productId } : { accountId: within.accountId };

async function countOf({ store }: Deps, tokens: readonly string[]): Promise<number> {
  const counts = await Promise.all(
    tokens.map((contains) => store.count(licenses, "byFacet", { contains })),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function candidates(
  deps: Deps,
  tokens: readonly string[],
  search: string,
): Promise<License[]> {
  const [{ items }, named] = await Promise.all([
    mergedPage(deps, tokens, { limit: MAX_LOOKED_AT }),
    deps.store.get(licenses, keyHashOf(deps, search)),
  ]);
  const isNew = named && !items.some(({ id }) => id === named.id);
  return isNew ? [...items, named] : [...items];
}
