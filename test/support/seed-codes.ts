import {
  foldCode,
  type RedemptionCode,
  withExpiry,
} from "../../functions/src/core/redemption-codes.ts";
import { redemptionCodeId } from "../../functions/src/operations/redemption-codes/find-code.ts";
import { redemptionCodes } from "../../functions/src/store/collections.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { inLots } from "../../functions/src/store/lots.ts";
import { redemptionCode } from "./records.ts";

const AT_ONCE = 2_000;

/** Files codes without a request for each: one for every text. */
export async function seedCodes(
  store: DocumentStore,
  productId: string,
  texts: readonly string[],
  changes: (index: number) => Partial<RedemptionCode> = () => ({}),
): Promise<void> {
  const records = texts.map((text, index) => {
    const { expiresAt = null, ...rest } = changes(index);
    const id = redemptionCodeId(productId, text);
    const base = redemptionCode({ id, productId, text, folded: foldCode(text), ...rest });
    return withExpiry(base, expiresAt);
  });
  for (const lot of inLots(redemptionCodes, records, { most: AT_ONCE })) {
    await store.commit(
      lot.map((record) => ({ kind: "create" as const, collection: redemptionCodes, record })),
    );
  }
}
