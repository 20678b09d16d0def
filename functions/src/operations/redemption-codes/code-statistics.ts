import type { Product } from "../../core/records.ts";
import type { CodeStatus, RedemptionCode } from "../../core/redemption-codes.ts";
import { redemptionCodes } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { countCodes } from "./list-codes.ts";

const RECENT = 10;

export type CodeStatistics = { readonly [S in CodeStatus | "total"]: number } & {
  /** Codes that are used now, the latest first. */
  readonly recent: readonly RedemptionCode[];
};

/** How many codes a product has of each status: four aggregate queries. The total is their sum. */
export async function codeStatistics(deps: Deps, product: Product): Promise<CodeStatistics> {
  const { store } = deps;
  // One instant for all: a code that ends meanwhile is counted once.
  const now = deps.now();
  const count = (status: CodeStatus) => countCodes({ store, now: () => now }, product, { status });
  const [unused, used, disabled, expired, { items: recent }] = await Promise.all([
    count("unused"),
    count("used"),
    count("disabled"),
    count("expired"),
    store.query(redemptionCodes, "byUse", {
      equal: { productId: product.id, state: "used" },
      limit: RECENT,
    }),
  ]);
  return { total: unused + used + disabled + expired, unused, used, disabled, expired, recent };
}
