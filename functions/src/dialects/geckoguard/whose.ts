import type { Deps } from "../../operations/deps.ts";
import { licenseById } from "../../operations/licenses/find-license.ts";
import { accountOfProduct } from "../../operations/products/find-product.ts";

/** For paths that name a product: it is asked about in its own account. */
export const productPath = {
  find: (deps: Deps, { ids }: { readonly ids: { readonly productId: string } }) =>
    accountOfProduct(deps, ids.productId),
  absent: "PRODUCT_NOT_FOUND",
} as const;

/** The same for a license. */
export const licensePath = {
  find: async (deps: Deps, { ids }: { readonly ids: { readonly licenseId: string } }) =>
    (await licenseById(deps, ids.licenseId))?.accountId,
  absent: "LICENSE_NOT_FOUND",
} as const;
