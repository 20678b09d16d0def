import type { Product } from "../../functions/src/core/records.ts";
import { findProduct } from "../../functions/src/operations/products/find-product.ts";
import type { World } from "./world.ts";

/** The record of the product of that handle or id, as it is now. */
export async function productOf(world: World, reference = "prod_tools"): Promise<Product> {
  const product = await findProduct(world.store, { kind: "administrator" }, reference);
  if (!product) throw new Error(`there is no product ${reference}`);
  return product;
}
