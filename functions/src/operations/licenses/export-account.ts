import { productFacetSought } from "../../core/product-facets.ts";
import type { License } from "../../core/records.ts";
import { licenses, products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { facetToken } from "./facets.ts";

const PAGE = 500;

export type ExportedLicense = {
  readonly license: License;
  readonly licenseKey: string;
  readonly productName: string;
};

/** All licenses of the account, newest first, read as they are taken. */
export async function* exportAccount(
  deps: Pick<Deps, "store" | "vault">,
  accountId: string,
): AsyncGenerator<readonly ExportedLicense[]> {
  const { facet } = productFacetSought({ accountId, seesOwners: true });
  const contains = facetToken(deps, facet);
  const names = new Map<string, string>();
  let after: string | undefined;
  do {
    const page = await deps.store.query(licenses, "byFacet", { contains, limit: PAGE, after });
    const ids = new Set(page.items.map(({ productId }) => productId));
    const unknown = [...ids].filter((id) => !names.has(id));
    const found = unknown.length > 0 ? await deps.store.getMany(products, unknown) : [];
    for (const [index, id] of unknown.entries()) names.set(id, found[index]?.name ?? "");
    yield page.items.map((license) => ({
      license,
      licenseKey: deps.vault.open("license-key", license.keySealed),
      productName: names.get(license.productId) ?? "",
    }));
    after = page.next;
  } while (after !== undefined);
}
