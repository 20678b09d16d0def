import { canonicalCode, goodForProduct } from "../../core/codes.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Code, Product } from "../../core/records.ts";
import { derivedId } from "../../crypto/vault.ts";
import { codes } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { type PlaceAsk, placeOf } from "../place.ts";
import type { Principal } from "../principal.ts";

export const codeIdOf = (accountId: string, code: string): string =>
  derivedId("code", accountId, canonicalCode(code));

export type CodeReference = PlaceAsk & {
  readonly code: string;
  /** Where only codes of one kind count. */
  readonly kind?: Code["kind"] | undefined;
};

/** The code, if it is of that account and good for the product that was named. */
export async function findCode(
  reader: Reader,
  principal: Principal,
  reference: CodeReference,
): Promise<Decision<{ code: Code; product: Product | undefined }>> {
  const place = await placeOf(reader, principal, reference);
  if (!place.ok) return place;
  const { accountId, product } = place;
  const code = await reader.get(codes, codeIdOf(accountId, reference.code));
  if (!code || code.kind !== (reference.kind ?? code.kind)) return refuse("CODE_NOT_FOUND");
  if (product && !goodForProduct(code, product.id)) return refuse("CODE_NOT_FOUND");
  return accept({ code, product });
}
