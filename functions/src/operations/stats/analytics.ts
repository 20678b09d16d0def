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

type Stored = Pick<Deps, "store" | "usage">;

/** The product's usage: this instance's up to now, that of others up to a minute ago. A document a day. */
export async function productAnalytics(
  deps: Stored,
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
  deps: Stored,
  accountId: string,
  range: AnalyticsRange,
): Promise<UsageSeries> => usageOf(deps, { accountId, productId: null }, range);

async function usageOf(
  { store, usage }: Stored,
  { accountId, productId }: { readonly accountId: string; readonly productId: string | null },
  range: AnalyticsRange,
): Promise<UsageSeries> {
  await usage.flush();
  const ids = daysOf(range).map((day) => usageDayId(accountId, productId, day));
  return usageSeries(await store.getMany(usageDays, ids), range);
}
