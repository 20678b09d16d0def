import { accept, type Decision } from "../../core/decision.ts";
import { daysOf, type Interval, type UsageSeries, usageSeries } from "../../core/usage.ts";
import { usageDays } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { usageDayId } from "./usage-counters.ts";

/** Not longer than `LONGEST_SERIES_MS`. */
export type AnalyticsRange = {
  readonly from: number;
  readonly to: number;
  readonly interval: Interval;
};

/** What instances have written of the product's usage: theirs of a minute ago at most. A document a day. */
export async function productAnalytics(
  deps: Pick<Deps, "store">,
  principal: Principal,
  ask: AnalyticsRange & { readonly productId: string },
): Promise<Decision<UsageSeries>> {
  const found = await reachProduct(deps.store, principal, { productId: ask.productId });
  if (!found.ok) return found;
  const { accountId, id } = found.product;
  return accept(await usageOf(deps, { accountId, productId: id }, ask));
}

/** The same of all that an account has. */
export const accountAnalytics = (
  deps: Pick<Deps, "store">,
  accountId: string,
  range: AnalyticsRange,
): Promise<UsageSeries> => usageOf(deps, { accountId, productId: null }, range);

async function usageOf(
  { store }: Pick<Deps, "store">,
  { accountId, productId }: { readonly accountId: string; readonly productId: string | null },
  range: AnalyticsRange,
): Promise<UsageSeries> {
  const ids = daysOf(range).map((day) => usageDayId(accountId, productId, day));
  return usageSeries(await store.getMany(usageDays, ids), range);
}
