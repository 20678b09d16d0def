import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Principal } from "../principal.ts";
import { findProducts } from "./find-product.ts";

/** The other products of the account that a bundle unlocks; each once. */
export async function bundleOf(
  reader: Reader,
  principal: Principal,
  bundle: Pick<Product, "id" | "accountId">,
  references: readonly string[],
): Promise<Decision<{ unlocks: Product["unlocks"] }>> {
  const found = await findProducts(reader, principal, references);
  const unlocks = new Map<string, Product["unlocks"][number]>();
  for (const product of found) {
    if (product?.accountId !== bundle.accountId || product.id === bundle.id) {
      return refuse("PRODUCT_NOT_FOUND", { field: "unlocks" });
    }
    unlocks.set(product.id, { id: product.id, handle: product.handle });
  }
  return accept({ unlocks: [...unlocks.values()] });
}
