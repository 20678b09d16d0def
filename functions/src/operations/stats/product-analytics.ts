import { accept, type Decision } from "../../core/decision.ts";
import { daysOf, type Interval, type UsageSeries, usageSeries } from "../../core/usage.ts";
import { usageDays } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { usageDayId } from "./usage-counters.ts";

export type AnalyticsAsk = {
  readonly productId: string;
  /** Not longer than `LONGEST_SERIES_MS`. */
  readonly from: number;
  readonly to: number;
  readonly interval: Interval;
};

/** What instances have written of the product's usage: theirs of a minute ago at most. A document a day. */
export async function productAnalytics(
  deps: Deps,
  principal: Principal,
  ask: AnalyticsAsk,
): Promise<Decision<UsageSeries>> {
  const found = await reachProduct(deps.store, principal, ask);
  if (!found.ok) return found;
  const { accountId, id } = found.product;
  const ids = daysOf(ask).map((day) => usageDayId(accountId, id, day));
  return accept(usageSeries(await deps.store.getMany(usageDays, ids), ask));
}
