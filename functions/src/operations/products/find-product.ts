import { accept, type Decision, refuse } from "../../core/decision.ts";
import { namesProduct } from "../../core/licenses.ts";
import type { Product } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import { products, reservations } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { mayReach, type Principal } from "../principal.ts";

export const handleReservationId = (handle: string): string => derivedId("product-handle", handle);

export const slugReservationId = (accountId: string, slug: string): string =>
  derivedId("product-slug", accountId, slug);

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/** A UUID in its canonical form, whether it came with hyphens or without; else `undefined`. */
export const uuidOf = (reference: string): string | undefined =>
  UUID.exec(reference)?.slice(1).join("-").toLowerCase();

/** The product of that handle or UUID, if the principal may see it. */
export async function findProduct(
  reader: Reader,
  principal: Principal,
  reference: string,
): Promise<Product | undefined> {
  const [product] = await findProducts(reader, principal, [reference]);
  return product;
}

/** The same for many, in two reads. */
export async function findProducts(
  reader: Reader,
  principal: Principal,
  references: readonly string[],
): Promise<(Product | undefined)[]> {
  const handles = references.filter((reference) => !uuidOf(reference));
  const reserved = await reader.getMany(reservations, handles.map(handleReservationId));
  const idOf = new Map(handles.map((handle, index) => [handle, reserved[index]?.targetId]));
  const named = references.map((reference) => uuidOf(reference) ?? idOf.get(reference));
  const ids = named.filter((id) => id !== undefined);
  const found = await reader.getMany(products, ids);
  const byId = new Map(found.map((product) => [product?.id, product]));
  return references.map((reference, index) => {
    const product = byId.get(named[index]);
    if (!product || !namesProduct(product, reference)) return undefined;
    return mayReach(principal, product.accountId, product.id) ? product : undefined;
  });
}

/** The product that was named, if the principal may see it and, where an account is named, it is of that one. */
export async function reachProduct(
  reader: Reader,
  principal: Principal,
  asked: { readonly productId: string; readonly creatorId?: string | undefined },
): Promise<Decision<{ product: Product }>> {
  const product = await findProduct(reader, principal, asked.productId);
  return product && (asked.creatorId === undefined || product.accountId === asked.creatorId)
    ? accept({ product })
    : refuse("PRODUCT_NOT_FOUND", { field: "productId" });
}

/** Whose product it is, by its UUID. */
export const accountOfProduct = async (
  { store }: { readonly store: Reader },
  productId: string,
): Promise<string | undefined> => (await store.get(products, productId))?.accountId;
