import { accept, type Decision } from "../../core/decision.ts";
import { appReleases, appVersions } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { type PageNumber, pageByNumber } from "../pages.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import type { Versioned } from "./find-version.ts";

/** A page of the product's versions, newest first, with the number of all. */
export async function listAppVersions(
  deps: Deps,
  principal: Principal,
  { productId, ...page }: PageNumber & { readonly productId: string },
): Promise<Decision<{ versions: readonly Versioned[]; total: number }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  const { id, accountId } = found.product;
  const equal = { productId: id };
  const [release, { items, total }] = await Promise.all([
    deps.store.get(appReleases, id),
    pageByNumber(deps, {
      ...page,
      list: ["app-versions", id],
      accountId,
      count: () => deps.store.count(appVersions, "byProduct", { equal }),
      query: (at) => deps.store.query(appVersions, "byProduct", { equal, ...at }),
    }),
  ]);
  const versions = items.map((version) => ({
    version,
    current: version.id === release?.currentId,
  }));
  return accept({ versions, total });
}
