import { accept, type Decision } from "../core/decision.ts";
import type { Product } from "../core/records.ts";
import type { Reader } from "../store/document-store.ts";
import { owningAccount } from "./accounts.ts";
import type { Principal } from "./principal.ts";
import { reachProduct } from "./products/find-product.ts";

/** What names an account, and perhaps one product of it. */
export type PlaceAsk = {
  readonly productId?: string | undefined;
  readonly creatorId?: string | undefined;
};

type Place = { readonly accountId: string; readonly product: Product | undefined };

/** An API key's own account; for an administrator the one named, else the product's, else the default one. */
export async function placeOf(
  reader: Reader,
  principal: Principal,
  { productId, creatorId }: PlaceAsk,
): Promise<Decision<Place>> {
  const owner = owningAccount(principal, creatorId);
  if (!owner.ok) return owner;
  if (productId === undefined) return accept({ accountId: owner.accountId, product: undefined });
  const found = await reachProduct(reader, principal, { productId, creatorId });
  return found.ok ? accept({ accountId: found.product.accountId, product: found.product }) : found;
}
