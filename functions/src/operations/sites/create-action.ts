import { accept, type Decision, type Refusal } from "../../core/decision.ts";
import { queueAction } from "../../core/site-actions.ts";
import type { Site } from "../../core/sites.ts";
import { sites } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachSites, type SitesAsk } from "./reach-sites.ts";

/** Sites of one call: their actions fit into one transaction, however large they are. */
const MOST_SITES = 20;

export type CreateActionAsk = SitesAsk & {
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
  readonly after?: string | undefined;
};

type Queued = {
  readonly queued: number;
  readonly actions: readonly { readonly id: string; readonly siteId: string }[];
  /** Sites that have no room for it. */
  readonly full: readonly string[];
  readonly next: string | undefined;
};

/**
 * Queues an action for a page of sites. Where one like it is the last that waits nothing is queued, so
 * that a call may be repeated.
 */
export async function createAction(
  deps: Deps,
  principal: Principal,
  { type, payload, after, ...wanted }: CreateActionAsk,
): Promise<Decision<Queued>> {
  const found = await reachSites(deps, principal, wanted);
  if (!found.ok) return found;
  const { accountId, targetId } = found;
  const { items, next } = await found.page({ limit: MOST_SITES, after });
  const drawn = items.map(({ id }) => ({ siteId: id, id: deps.newId() }));
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Queued>> => {
    const current = await tx.getMany(
      sites,
      drawn.map(({ siteId }) => siteId),
    );
    const actions: Queued["actions"][number][] = [];
    const changed: Site[] = [];
    let refused: Refusal | undefined;
    const full: string[] = [];
    for (const [index, site] of current.entries()) {
      const id = drawn[index]?.id;
      if (!site || id === undefined || !found.has(site)) continue;
      const action = { id, type, payload, createdAt: now, acknowledgedAt: null };
      const queued = queueAction(site, action);
      if (!queued.ok) {
        refused = queued;
        full.push(site.id);
        continue;
      }
      actions.push({ id: queued.action.id, siteId: site.id });
      if (queued.site !== site) changed.push(queued.site);
    }
    if (refused && wanted.siteId !== undefined) return refused;
    for (const { id, actions, updatedAt } of changed) tx.update(sites, id, { actions, updatedAt });
    if (changed.length > 0) {
      const siteIds = changed.map(({ id }) => id);
      const action = "site.createAction";
      audit(tx, { accountId, action, targetId, before: null, after: { type, siteIds } });
    }
    return accept({ queued: changed.length, actions, full, next });
  });
}
