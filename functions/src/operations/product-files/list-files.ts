import { accept, type Decision } from "../../core/decision.ts";
import type { ProductFile } from "../../core/product-files.ts";
import { productFiles } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

/** A page of the product's files, newest first, with the number of all. */
export async function listProductFiles(
  deps: Deps,
  principal: Principal,
  { productId, ...page }: PageNumber & { readonly productId: string },
): Promise<Decision<{ files: readonly ProductFile[]; total: number }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  const { id, accountId } = found.product;
  const equal = { productId: id };
  const { items, total } = await pageByNumber(deps, {
    ...page,
    list: ["product-files", id],
    accountId,
    count: () => deps.store.count(productFiles, "byProduct", { equal }),
    query: (at) => deps.store.query(productFiles, "byProduct", { equal, ...at }),
  });
  return accept({ files: items, total });
}
