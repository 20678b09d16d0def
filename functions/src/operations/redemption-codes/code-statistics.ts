import type { CodeStatus, RedemptionCode } from "../../core/redemption-codes.ts";
import { products, redemptionCodes } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { countCodes } from "./list-codes.ts";

const RECENT = 10;

export type CodeStatistics = { readonly [S in CodeStatus | "total"]: number } & {
  /** Codes that are used now, the latest first. */
  readonly recent: readonly RedemptionCode[];
};

/** How many codes a product has of each status: four aggregate queries. The total is their sum. */
export async function codeStatistics(deps: Deps, productId: string): Promise<CodeStatistics> {
  const { store } = deps;
  const product = await store.get(products, productId);
  if (!product) return { total: 0, unused: 0, used: 0, disabled: 0, expired: 0, recent: [] };
  // One instant for all: a code that ends meanwhile is counted once.
  const now = deps.now();
  const count = (status: CodeStatus) => countCodes({ store, now: () => now }, product, { status });
  const [unused, used, disabled, expired, { items: recent }] = await Promise.all([
    count("unused"),
    count("used"),
    count("disabled"),
    count("expired"),
    store.query(redemptionCodes, "byUse", { equal: { productId, state: "used" }, limit: RECENT }),
  ]);
  return { total: unused + used + disabled + expired, unused, used, disabled, expired, recent };
}
