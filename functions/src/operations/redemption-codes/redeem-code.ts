import { type Decision, refuse } from "../../core/decision.ts";
import { decideRedemption, type RedemptionCode } from "../../core/redemption-codes.ts";
import { products, redemptionCodes } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { redemptionCodeId } from "./find-code.ts";
import { redemptionLogger } from "./log.ts";

export type RedeemCodeAsk = {
  /** The product's UUID. */
  readonly productId: string;
  readonly text: string;
  readonly usedBy: string | null;
  /** Where the vendor's app calls from. */
  readonly address?: string | null | undefined;
  /** What tells a signed request from all others. */
  readonly proof?: string | undefined;
};

/** Uses a code up. A code that is there keeps the attempt in its log, whatever comes of it. */
export async function redeemCode(
  deps: Deps,
  { productId, text, usedBy, address, proof }: RedeemCodeAsk,
): Promise<Decision<{ code: RedemptionCode }>> {
  const now = deps.now();
  const log = redemptionLogger(deps);
  return deps.once(async (tx): Promise<Decision<{ code: RedemptionCode }>> => {
    const [product, code] = await Promise.all([
      tx.get(products, productId),
      tx.get(redemptionCodes, redemptionCodeId(productId, text)),
    ]);
    if (!product) return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
    const decision = decideRedemption(code, product, { by: usedBy, now, proof });
    if (decision.ok) tx.set(redemptionCodes, decision.code);
    const result = decision.ok ? "success" : "failed";
    if (code) log(tx, code, { by: usedBy, address: address ?? null, result, reason: null });
    return decision;
  });
}
