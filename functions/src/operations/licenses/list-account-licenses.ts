import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Deps } from "../deps.ts";
import { productOfKey } from "../products/product-of-key.ts";
import { type FoundLicenses, listByNumber, type NumberedAsk } from "./list-by-number.ts";
import { listProductLicenses } from "./list-product-licenses.ts";

/** A page of the licenses of those accounts together; or of one product, if it is theirs. */
export async function listAccountLicenses(
  deps: Deps,
  accountIds: readonly string[],
  {
    productId,
    ...ask
  }: Omit<NumberedAsk, "seesOwners"> & { readonly productId?: string | undefined },
): Promise<Decision<FoundLicenses>> {
  if (productId !== undefined) {
    const found = await productOfKey(deps, productId);
    if (!found.ok || !accountIds.includes(found.product.accountId)) {
      return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
    }
    return accept(await listProductLicenses(deps, found.product, { ...ask, seesOwners: true }));
  }
  const [first] = accountIds;
  if (first === undefined) return accept({ found: [], total: 0 });
  const within = accountIds.map((accountId) => ({ accountId, seesOwners: true as const }));
  return accept(await listByNumber(deps, { accountId: first, within }, ask));
}
