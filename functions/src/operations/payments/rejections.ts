import { PROVIDERS, type Provider } from "../../core/payments.ts";
import { dayOf } from "../../core/usage.ts";
import { usageDays } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { usageDayId } from "../stats/usage-counters.ts";

/** No tenant can have this name. */
const counterOf = (provider: Provider): string => `_webhook.${provider}`;

/** Counts a webhook that did not prove its origin: all that is kept of it. */
export const countRejection = (deps: Pick<Deps, "usage">, provider: Provider): void =>
  deps.usage.count({ accountId: counterOf(provider), productId: null }, { checks: 1, denials: 1 });

export type Rejections = Readonly<Record<Provider, number>>;

/** How many webhooks proved no origin since midnight (UTC), up to a minute ago. */
export async function rejectionsToday(deps: Pick<Deps, "store" | "now">): Promise<Rejections> {
  const today = dayOf(deps.now());
  const ids = PROVIDERS.map((provider) => usageDayId(counterOf(provider), null, today));
  const days = await deps.store.getMany(usageDays, ids);
  return Object.fromEntries(
    PROVIDERS.map((provider, index) => [provider, days[index]?.denials ?? 0]),
  ) as Rejections;
}
