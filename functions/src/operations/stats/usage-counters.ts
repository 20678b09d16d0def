import type { Decision } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { addUsage, dayOf, NO_USAGE, type UsageCount } from "../../core/usage.ts";
import { derivedId } from "../../crypto/vault.ts";
import { usageDays } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

const DAY_MS = 86_400_000;
const KEPT_DAYS = 400;
/** Products in one transaction: well under what an engine takes. */
const BATCH = 100;

/** `productId` is null for what is about no product. */
type Counted = { readonly accountId: string; readonly productId: string | null };
type Event = Counted & { readonly denied: boolean };

export type UsageCounters = {
  readonly count: (event: Event) => void;
  /** Writes what was counted since the last time. */
  readonly flush: () => Promise<void>;
};

export type FlushPolicy = { readonly everyEvents: number; readonly everyMs: number };

type Tally = Counted & { day: number; usage: UsageCount };

export const usageDayId = (accountId: string, productId: string | null, day: number): string =>
  derivedId("usage-day", accountId, productId ?? "", String(day));

/** Counts the request under its license and passes the decision on. */
export function counted<D extends Decision<unknown>>(
  deps: Pick<Deps, "usage">,
  license: License | undefined,
  decision: D,
): D {
  if (license) {
    const { accountId, productId } = license;
    deps.usage.count({ accountId, productId, denied: !decision.ok });
  }
  return decision;
}

/**
 * Counts in memory, and writes beside the requests: the first event at once, then no more often
 * than the policy says. What was not written yet is lost with the process.
 */
export function createUsageCounters(deps: {
  store: DocumentStore;
  now: () => number;
  /** Without one nothing is written but by `flush`. */
  policy: FlushPolicy | undefined;
  later: (run: () => void, ms: number) => void;
  failed: (error: unknown) => void;
}): UsageCounters {
  const { store, now, policy } = deps;
  let tallies = new Map<string, Tally>();
  let events = 0;
  let flushedAt = Number.NEGATIVE_INFINITY;
  let flushing = false;
  let waiting = false;

  const add = (tally: Tally) => {
    const key = usageDayId(tally.accountId, tally.productId, tally.day);
    const usage = addUsage(tallies.get(key)?.usage ?? NO_USAGE, tally.usage);
    tallies.set(key, { ...tally, usage });
  };
  const flush = async () => {
    const due = [...tallies.values()];
    tallies = new Map();
    events = 0;
    flushedAt = now();
    flushing = true;
    const groups = Map.groupBy(due, ({ accountId, day }) => `${day} ${accountId}`);
    for (const group of groups.values()) {
      for (let from = 0; from < group.length; from += BATCH) {
        const batch = group.slice(from, from + BATCH);
        await save(store, batch).catch((error: unknown) => {
          // The next flush takes them along.
          batch.forEach(add);
          deps.failed(error);
        });
      }
    }
    flushing = false;
  };
  return {
    count({ denied, ...whose }) {
      add({ ...whose, day: dayOf(now()), usage: { checks: 1, denials: denied ? 1 : 0 } });
      events += 1;
      if (!policy) return;
      const due = events >= policy.everyEvents || now() - flushedAt >= policy.everyMs;
      if (due && !flushing) {
        void flush();
      } else if (!waiting) {
        waiting = true;
        deps.later(() => {
          waiting = false;
          if (tallies.size > 0 && !flushing) void flush();
        }, policy.everyMs);
      }
    },
    flush,
  };
}

/** Adds tallies of one account and day to what is stored, for each product and over all of them. */
async function save(store: DocumentStore, tallies: readonly Tally[]): Promise<void> {
  const [first] = tallies;
  if (!first) return;
  const { accountId, day } = first;
  const all = tallies.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE);
  const ofProducts = tallies.filter(({ productId }) => productId !== null);
  const added = [...ofProducts, { productId: null, usage: all }].map(({ productId, usage }) => ({
    id: usageDayId(accountId, productId, day),
    productId,
    usage,
  }));
  await store.transaction(async (tx) => {
    const stored = await tx.getMany(
      usageDays,
      added.map(({ id }) => id),
    );
    for (const [index, { id, productId, usage }] of added.entries()) {
      const { checks, denials } = addUsage(stored[index] ?? NO_USAGE, usage);
      const expireAt = (day + KEPT_DAYS) * DAY_MS;
      tx.set(usageDays, { id, accountId, productId, day, checks, denials, expireAt });
    }
  });
}
