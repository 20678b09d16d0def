import { type Decision, refuse } from "../../core/decision.ts";
import { decideReactivation, type RedemptionCode } from "../../core/redemption-codes.ts";
import { products, redemptionCodes } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { redemptionCodeId } from "./find-code.ts";
import { redemptionLogger } from "./log.ts";

export type ReactivateCodeAsk = {
  /** The product's UUID. */
  readonly productId: string;
  readonly text: string;
  readonly by: string | null;
  readonly reason: string | null;
  readonly address?: string | null | undefined;
  /** What tells a signed request from all others. */
  readonly proof?: string | undefined;
};

/** Makes a used code good for another redemption. */
export async function reactivateCode(
  deps: Deps,
  { productId, text, by, reason, address, proof }: ReactivateCodeAsk,
): Promise<Decision<{ code: RedemptionCode }>> {
  const now = deps.now();
  const log = redemptionLogger(deps);
  return deps.once(async (tx): Promise<Decision<{ code: RedemptionCode }>> => {
    const [product, code] = await Promise.all([
      tx.get(products, productId),
      tx.get(redemptionCodes, redemptionCodeId(productId, text)),
    ]);
    if (!product) return refuse("PRODUCT_NOT_FOUND", { field: "productId" });
    const decision = decideReactivation(code, product, now, proof);
    if (!decision.ok) return decision;
    tx.set(redemptionCodes, decision.code);
    log(tx, decision.code, { by, address: address ?? null, result: "reactivated", reason });
    return decision;
  });
}
