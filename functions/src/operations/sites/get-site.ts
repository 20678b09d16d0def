import { accept, type Decision } from "../../core/decision.ts";
import { actionsOf } from "../../core/site-actions.ts";
import type { Site, SiteAction } from "../../core/sites.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachSite } from "./reach-sites.ts";
import { licenseOfSite, refreshOf } from "./site-license.ts";

type Detail = { readonly site: Site; readonly actions: readonly SiteAction[] };

/** A site with what waits for it, and what it was last given. */
export async function getSite(
  deps: Deps,
  principal: Principal,
  siteId: string,
): Promise<Decision<Detail>> {
  const found = await reachSite(deps.store, principal, siteId);
  if (!found.ok) return found;
  const { site } = found;
  const refresh = refreshOf(site, await licenseOfSite(deps, site), deps.now());
  return accept({ site, actions: actionsOf(site, refresh) });
}
