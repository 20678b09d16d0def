import { accept, type Decision, refuse } from "../../core/decision.ts";
import { variantName } from "../../core/licenses.ts";
import type { Product, Variant } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import { products, reservations, variants } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { mayReach, type Principal } from "../principal.ts";
import { handleReservationId, reachProduct, uuidOf } from "./find-product.ts";

export const variantIdOf = (productId: string, name: string): string =>
  derivedId("variant", productId, name.toLowerCase());

/** A product and a name in it, or both in one as `<productId>-<name>`. */
export type VariantReference =
  | { readonly productId: string; readonly name: string }
  | { readonly variantId: string };

type Found = { readonly product: Product; readonly variant: Variant };

/** The variant, if the principal may see it. */
export async function findVariant(
  reader: Reader,
  principal: Principal,
  reference: VariantReference,
): Promise<Decision<Found>> {
  if ("variantId" in reference) return splitVariant(reader, principal, reference.variantId);
  const found = await reachProduct(reader, principal, { productId: reference.productId });
  if (!found.ok) return found;
  const { product } = found;
  const name = variantName(product.handle, reference.name);
  const variant = await reader.get(variants, variantIdOf(product.id, name));
  return variant ? accept({ product, variant }) : refuse("VARIANT_NOT_FOUND", { field: "name" });
}

/** Handles and names may hold hyphens themselves, so every hyphen may be the one between them. */
async function splitVariant(
  reader: Reader,
  principal: Principal,
  variantId: string,
): Promise<Decision<Found>> {
  const splits = [...variantId.matchAll(/-/g)].map(({ index }) => ({
    product: variantId.slice(0, index),
    name: variantId.slice(index + 1),
  }));
  const handles = await reader.getMany(
    reservations,
    splits.map((split) => handleReservationId(split.product)),
  );
  const named = splits.flatMap((split, index) => {
    const id = uuidOf(split.product) ?? handles[index]?.targetId;
    return id === undefined || split.name === "" ? [] : [{ id, name: split.name }];
  });
  const owners = await reader.getMany(
    products,
    named.map(({ id }) => id),
  );
  const tiers = await reader.getMany(
    variants,
    named.map(({ id, name }) => variantIdOf(id, name)),
  );
  const found = named.flatMap((_, index): Found[] => {
    const [product, variant] = [owners[index], tiers[index]];
    return product && variant && mayReach(principal, product.accountId, product.id)
      ? [{ product, variant }]
      : [];
  });
  if (found.length > 1) return refuse("VARIANT_AMBIGUOUS", { field: "variantId" });
  return found[0] ? accept(found[0]) : refuse("VARIANT_NOT_FOUND", { field: "variantId" });
}
