import { accept, type Decision } from "../../core/decision.ts";
import { type Site, withSiteStatus } from "../../core/sites.ts";
import { sites } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachSite } from "./reach-sites.ts";

/** Turns a site away, its token included. */
export const revokeSite = (deps: Deps, principal: Principal, siteId: string) =>
  changeSiteStatus(deps, principal, { siteId, status: "revoked", action: "site.revoke" });

/** Lets it register again. */
export const reinstateSite = (deps: Deps, principal: Principal, siteId: string) =>
  changeSiteStatus(deps, principal, { siteId, status: "active", action: "site.reinstate" });

function changeSiteStatus(
  deps: Deps,
  principal: Principal,
  ask: { readonly siteId: string; readonly status: Site["status"]; readonly action: string },
): Promise<Decision<object>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<object>> => {
    const found = await reachSite(tx, principal, ask.siteId);
    if (!found.ok) return found;
    const before = found.site;
    const after = withSiteStatus(before, ask.status, now);
    if (after === before) return accept({});
    tx.set(sites, after);
    const { accountId, id: targetId } = before;
    audit(tx, { accountId, action: ask.action, targetId, before, after });
    return accept({});
  });
}
