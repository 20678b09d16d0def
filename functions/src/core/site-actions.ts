import { accept, type Decision, refuse } from "./decision.ts";
import type { Site, SiteAction } from "./sites.ts";

type ActionState = "waiting" | "acknowledged" | "lapsed";

export const MOST_WAITING = 100;
export const MOST_PAYLOAD_BYTES = 4_096;
/** Settled actions that are kept for the vendor to look at. */
const KEPT_SETTLED = 20;
/** Unacknowledged actions lapse after it (reference, section 4.3). */
const ACTION_LIFE_MS = 30 * 86_400_000;

const settledAt = (action: SiteAction): number =>
  action.acknowledgedAt ?? action.createdAt + ACTION_LIFE_MS;

/** The end is exclusive: at its very millisecond the action has lapsed. */
export function actionState(action: SiteAction, now: number): ActionState {
  if (action.acknowledgedAt !== null) return "acknowledged";
  return now < settledAt(action) ? "waiting" : "lapsed";
}

export const lapsesAt = (action: SiteAction): number => action.createdAt + ACTION_LIFE_MS;

/** Its own actions and the one that follows from its license, oldest first. */
export const actionsOf = (site: Site, refresh: SiteAction | undefined): SiteAction[] =>
  oldestFirst([...site.actions, ...(refresh ? [refresh] : [])]);

export const waitingActions = (
  site: Site,
  refresh: SiteAction | undefined,
  now: number,
): SiteAction[] =>
  actionsOf(site, refresh).filter((action) => actionState(action, now) === "waiting");

/**
 * The site with the action queued. The last that waits takes its place if it is like it; an earlier one
 * like it gives way, as what was queued between them may be the contrary.
 */
export function queueAction(
  site: Site,
  action: SiteAction,
): Decision<{ site: Site; action: SiteAction }> {
  const now = action.createdAt;
  const waiting = waitingActions(site, undefined, now);
  const same = waiting.findLast(
    ({ type, payload }) => type === action.type && payload === action.payload,
  );
  if (same && same === waiting.at(-1)) return accept({ site, action: same });
  if (!same && waiting.length >= MOST_WAITING) {
    return refuse("SITE_ACTIONS_TOO_MANY", { limit: MOST_WAITING });
  }
  const others = site.actions.filter((one) => one !== same);
  const actions = trimmed([...others, action], now);
  return accept({ site: { ...site, actions, updatedAt: now }, action });
}

/**
 * Acknowledges what waits, or those of it that are named. The same site when there is nothing to
 * acknowledge.
 */
export function acknowledge(
  site: Site,
  ask: {
    readonly refresh: SiteAction | undefined;
    /** Left out: all. */
    readonly ids?: readonly string[] | undefined;
    readonly now: number;
  },
): { site: Site; actions: SiteAction[] } {
  const { refresh, ids, now } = ask;
  const actions = waitingActions(site, refresh, now)
    .filter(({ id }) => ids?.includes(id) ?? true)
    .map((action) => ({ ...action, acknowledgedAt: now }));
  if (actions.length === 0) return { site, actions };
  const done = new Set(actions.map(({ id }) => id));
  const kept = site.actions.filter(({ id }) => !done.has(id));
  const told = refresh !== undefined && done.has(refresh.id);
  return {
    site: {
      ...site,
      actions: trimmed([...kept, ...actions], now),
      statusSeenAt: told ? refresh.createdAt : site.statusSeenAt,
      updatedAt: now,
    },
    actions,
  };
}

function trimmed(actions: readonly SiteAction[], now: number): SiteAction[] {
  const settled = actions
    .filter((action) => actionState(action, now) !== "waiting")
    .toSorted((one, other) => settledAt(other) - settledAt(one));
  const dropped = new Set(settled.slice(KEPT_SETTLED));
  return oldestFirst(actions.filter((action) => !dropped.has(action)));
}

const oldestFirst = (actions: readonly SiteAction[]): SiteAction[] =>
  actions.toSorted((one, other) => one.createdAt - other.createdAt);
