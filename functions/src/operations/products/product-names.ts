import { products } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";
import { remembered } from "../remembered.ts";

export type ProductNameOf = (productId: string) => Promise<string>;

/** The names of products by their UUIDs, as this instance remembers them; empty where there is none. */
export const createProductNames = (deps: {
  store: DocumentStore;
  now: () => number;
}): ProductNameOf =>
  remembered(deps.now, async (productId) => {
    const product = await deps.store.get(products, productId);
    return product?.name ?? "";
  });
