import type { WebhookEndpoint } from "../../core/webhooks.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";

type OfProduct = { readonly productId: string };

/** The endpoints of a product in GeckoGuard's format, newest first. */
export function listProductEndpoints(
  deps: Deps,
  { accountId, productId, ...ask }: PageNumber & OfProduct & { readonly accountId: string },
): Promise<{ items: readonly WebhookEndpoint[]; total: number }> {
  const equal = { productId, format: "geckoguard" } as const;
  return pageByNumber(deps, {
    ...ask,
    accountId,
    list: ["product-endpoints", productId],
    count: () => deps.store.count(webhookEndpoints, "byProductAndFormat", { equal }),
    query: (page) => deps.store.query(webhookEndpoints, "byProductAndFormat", { equal, ...page }),
  });
}

/** Whose endpoint it is; `undefined` for one of another product or format. */
export async function accountOfEndpoint(
  { store }: Pick<Deps, "store">,
  { productId, endpointId }: OfProduct & { readonly endpointId: string },
): Promise<string | undefined> {
  const endpoint = await store.get(webhookEndpoints, endpointId);
  const isOne = endpoint?.productId === productId && endpoint.format === "geckoguard";
  return isOne ? endpoint.accountId : undefined;
}
