import { canonicalCode, goodForProduct } from "../../core/codes.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Code, Product } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import { codes } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { owningAccount } from "../accounts.ts";
import type { Principal } from "../principal.ts";
import { findProduct } from "../products/find-product.ts";

export const codeIdOf = (accountId: string, code: string): string =>
  derivedId("code", accountId, canonicalCode(code));

/** Where a code is: what names its account, as in the answer of who made it. */
export type CodePlace = {
  readonly productId?: string | undefined;
  readonly creatorId?: string | undefined;
};

export type CodeReference = CodePlace & {
  readonly code: string;
  /** Where only codes of one kind count. */
  readonly kind?: Code["kind"] | undefined;
};

type Place = { readonly accountId: string; readonly product: Product | undefined };

/** An API key's own account; for an administrator the one named, else the product's, else the default one. */
export async function codePlace(
  reader: Reader,
  principal: Principal,
  { productId, creatorId }: CodePlace,
): Promise<Decision<Place>> {
  const owner = owningAccount(principal, creatorId);
  if (!owner.ok) return owner;
  if (productId === undefined) return accept({ accountId: owner.accountId, product: undefined });
  const product = await findProduct(reader, principal, productId);
  if (!product || (creatorId !== undefined && product.accountId !== creatorId)) {
    return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
  }
  return accept({ accountId: product.accountId, product });
}

/** The code, if it is of that account and good for the product that was named. */
export async function findCode(
  reader: Reader,
  principal: Principal,
  reference: CodeReference,
): Promise<Decision<{ code: Code; product: Product | undefined }>> {
  const place = await codePlace(reader, principal, reference);
  if (!place.ok) return place;
  const { accountId, product } = place;
  const code = await reader.get(codes, codeIdOf(accountId, reference.code));
  if (!code || code.kind !== (reference.kind ?? code.kind)) return refuse("CODE_NOT_FOUND");
  if (product && !goodForProduct(code, product.id)) return refuse("CODE_NOT_FOUND");
  return accept({ code, product });
}
