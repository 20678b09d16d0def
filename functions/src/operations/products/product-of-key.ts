import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import { products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** The product that a caller's key is for. */
export async function productOfKey(
  deps: Pick<Deps, "store">,
  productId: string,
): Promise<Decision<{ product: Product }>> {
  const product = await deps.store.get(products, productId);
  return product ? accept({ product }) : refuse("PRODUCT_NOT_FOUND");
}
