import { accept, type Decision, refuse } from "../../core/decision.ts";
import { acknowledge, waitingActions } from "../../core/site-actions.ts";
import type { Site, SiteAction } from "../../core/sites.ts";
import { sites } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { filedLicense, licenseOfSite, refreshOf } from "./site-license.ts";
import { siteOfToken } from "./site-tokens.ts";

export type TakeActionsAsk = {
  readonly siteToken: string;
  /** Which of them are acknowledged; none are only looked at. */
  readonly acknowledge: "all" | "none" | readonly string[];
};

type Taken = { readonly actions: readonly SiteAction[] };

/** Hands the waiting actions out, oldest first; each once, as one transaction on one document does it. */
export async function takeActions(
  deps: Deps,
  principal: Principal,
  ask: TakeActionsAsk,
): Promise<Decision<Taken>> {
  const first = await tryOnce(deps, principal, ask);
  if (!("moved" in first)) return first;
  await licenseOfSite(deps, first.moved);
  return tryOnce(deps, principal, ask, { lastTry: true }) as Promise<Decision<Taken>>;
}

/** `moved`: the license is not filed where the site says. */
function tryOnce(
  deps: Deps,
  principal: Principal,
  ask: TakeActionsAsk,
  { lastTry = false } = {},
): Promise<Decision<Taken> | { moved: Site }> {
  const now = deps.now();
  return deps.once(async (tx) => {
    const site = await siteOfToken(deps, tx, principal, ask.siteToken);
    if (!site) return refuse("SITE_NOT_FOUND");
    const license = await filedLicense(tx, site);
    if (!license && site.licenseId !== null && !lastTry) return { moved: site };
    const refresh = refreshOf(site, license, now);
    if (ask.acknowledge === "none") return accept({ actions: waitingActions(site, refresh, now) });
    const ids = ask.acknowledge === "all" ? undefined : ask.acknowledge;
    const { site: after, actions } = acknowledge(site, { refresh, ids, now });
    if (after !== site) tx.set(sites, after);
    return accept({ actions });
  });
}
