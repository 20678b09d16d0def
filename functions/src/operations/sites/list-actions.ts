import { accept, type Decision } from "../../core/decision.ts";
import { actionsOf } from "../../core/site-actions.ts";
import type { SiteAction } from "../../core/sites.ts";
import type { PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachSites, type SitesAsk } from "./reach-sites.ts";
import { licensesOfSites, refreshOf } from "./site-license.ts";

/** Sites of one page: each may hold half a megabyte. */
const MOST_SITES = 100;

export type ListedAction = SiteAction & { readonly siteId: string };

type Listed = { readonly actions: readonly ListedAction[]; readonly next: string | undefined };

/** The actions of a page of sites, those of a site oldest first. */
export async function listActions(
  deps: Deps,
  principal: Principal,
  { limit, after, ...wanted }: SitesAsk & PageAsk,
): Promise<Decision<Listed>> {
  const found = await reachSites(deps, principal, wanted);
  if (!found.ok) return found;
  const { items, next } = await found.page({ limit: Math.min(limit, MOST_SITES), after });
  const licenses = await licensesOfSites(deps, items);
  const now = deps.now();
  const actions = items.flatMap((site) => {
    const refresh = refreshOf(site, licenses.get(site.licenseId ?? ""), now);
    return actionsOf(site, refresh).map((action) => ({ ...action, siteId: site.id }));
  });
  return accept({ actions, next });
}
