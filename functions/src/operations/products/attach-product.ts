import type { Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "./find-product.ts";
import { updateProduct } from "./update-product.ts";

/** Offers a product of one's own again after it was archived; any other stays as it is. */
export async function attachProduct(
  deps: Deps,
  principal: Principal,
  productId: string,
): Promise<Decision<{ product: Product }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok || found.product.status !== "archived") return found;
  return updateProduct(deps, principal, { productId, status: "live" });
}
