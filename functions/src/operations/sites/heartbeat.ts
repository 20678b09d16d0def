import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { waitingActions } from "../../core/site-actions.ts";
import type { Site } from "../../core/sites.ts";
import { sites } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { licenseOfSite, refreshOf } from "./site-license.ts";
import { siteOfToken } from "./site-tokens.ts";

export type SiteHeartbeatAsk = {
  readonly siteToken: string;
  readonly wpVersion?: string | undefined;
  readonly phpVersion?: string | undefined;
  readonly pluginVersion?: string | undefined;
  /** JSON text. */
  readonly healthData?: string | undefined;
};

type Beaten = {
  readonly site: Site;
  readonly license: License | undefined;
  /** How many actions wait; they go on waiting. */
  readonly waiting: number;
};

/** Notes a site's sign of life. The license is read beside it, so that its sites do not queue for it. */
export async function siteHeartbeat(
  deps: Deps,
  principal: Principal,
  { siteToken, healthData, ...versions }: SiteHeartbeatAsk,
): Promise<Decision<Beaten>> {
  const now = deps.now();
  const beaten = await deps.once(async (tx): Promise<Decision<{ site: Site }>> => {
    const known = await siteOfToken(deps, tx, principal, siteToken);
    if (!known) return refuse("SITE_NOT_FOUND");
    const health = healthData === undefined ? {} : { healthData, healthAt: now };
    const patch = { ...given(versions), ...health, lastHeartbeatAt: now, updatedAt: now };
    tx.update(sites, known.id, patch);
    return accept({ site: { ...known, ...patch } });
  });
  if (!beaten.ok) return beaten;
  const { site } = beaten;
  const license = await licenseOfSite(deps, site);
  const waiting = waitingActions(site, refreshOf(site, license, now), now).length;
  return accept({ site, license, waiting });
}
