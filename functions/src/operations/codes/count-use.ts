import { codeStanding, goodForProduct } from "../../core/codes.ts";
import type { Code, Product } from "../../core/records.ts";
import { codes } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import { codeIdOf } from "./find-code.ts";

/**
 * The code of a sale, if it can still be used for the product. Another one is no reason to refuse what
 * was paid: the license keeps its text.
 */
export async function usableCode(
  reader: Reader,
  product: Pick<Product, "id" | "accountId">,
  given: string | null | undefined,
  now: number,
): Promise<Code | undefined> {
  if (given == null) return undefined;
  const code = await reader.get(codes, codeIdOf(product.accountId, given));
  return code && goodForProduct(code, product.id) && !codeStanding(code, now) ? code : undefined;
}

export const countUse = (tx: Transaction, code: Code, now: number): void =>
  tx.update(codes, code.id, { usedCount: code.usedCount + 1, updatedAt: now });
