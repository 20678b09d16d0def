import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import type { RedemptionCode } from "../../core/redemption-codes.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { redemptionCodes } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

export const redemptionCodeId = (productId: string, text: string): string =>
  derivedUuid("redemption-code", productId, text);

/** The product's code of that id. */
export async function getCode(
  { store }: Pick<Deps, "store">,
  { productId, id }: { readonly productId: string; readonly id: string },
): Promise<RedemptionCode | undefined> {
  const code = await store.get(redemptionCodes, id);
  return code?.productId === productId ? code : undefined;
}

/** The product's code of exactly that text. */
export const getCodeByText = (
  deps: Pick<Deps, "store">,
  { productId, text }: { readonly productId: string; readonly text: string },
): Promise<RedemptionCode | undefined> =>
  getCode(deps, { productId, id: redemptionCodeId(productId, text) });

/** `productId` is a handle or UUID, as the vendor names the product. */
export type CodeReference = { readonly productId: string; readonly code: string };

/** The code that was named, if the principal may reach its product. */
export async function reachCode(
  reader: Reader,
  principal: Principal,
  { productId, code: text }: CodeReference,
): Promise<Decision<{ code: RedemptionCode; product: Product }>> {
  const found = await reachProduct(reader, principal, { productId });
  if (!found.ok) return found;
  const { product } = found;
  const code = await reader.get(redemptionCodes, redemptionCodeId(product.id, text));
  return code ? accept({ code, product }) : refuse("REDEMPTION_CODE_NOT_FOUND", { field: "code" });
}
