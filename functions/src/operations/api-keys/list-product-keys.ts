import type { ApiKey } from "../../core/api-keys.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

/** The GeckoGuard keys of one product, newest first. */
export function listProductKeys(
  deps: Deps,
  {
    accountId,
    productId,
    ...ask
  }: PageNumber & { readonly accountId: string; readonly productId: string },
): Promise<{ items: readonly ApiKey[]; total: number }> {
  const conditions = { equal: { productId, kind: "geckoguard" } } as const;
  return pageByNumber(deps, {
    ...ask,
    accountId,
    list: ["product-keys", productId],
    count: () => deps.store.count(apiKeys, "byProduct", conditions),
    query: (page) => deps.store.query(apiKeys, "byProduct", { ...conditions, ...page }),
  });
}
