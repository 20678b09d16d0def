import { accept, type Decision } from "../../core/decision.ts";
import type { Product, Variant } from "../../core/records.ts";
import { variants } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "./find-product.ts";

export type ListVariantsAsk = PageAsk & {
  readonly productId: string;
  /** Inactive ones too. */
  readonly includeAll: boolean;
};

/** A product's variants, newest first. */
export async function listVariants(
  { store }: Deps,
  principal: Principal,
  { productId, includeAll, ...page }: ListVariantsAsk,
): Promise<Decision<{ product: Product; page: Page<Variant> }>> {
  const found = await reachProduct(store, principal, { productId });
  if (!found.ok) return found;
  const { product } = found;
  const own = { productId: product.id };
  return accept({
    product,
    page: includeAll
      ? await store.query(variants, "byProduct", { equal: own, ...page })
      : await store.query(variants, "byProductAndActive", {
          equal: { ...own, active: true },
          ...page,
        }),
  });
}
