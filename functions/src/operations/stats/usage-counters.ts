import type { Decision } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import {
  addDays,
  type DayUsage,
  dayOf,
  hourOf,
  inHour,
  NO_DAY,
  type Usage,
} from "../../core/usage.ts";
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

export type UsageCounters = {
  /** Counts in memory; nobody waits for it. */
  readonly count: (whose: Counted, usage: Partial<Usage>) => void;
  /** Writes what was counted since the last time. */
  readonly flush: () => Promise<void>;
};

export type FlushPolicy = { readonly everyEvents: number; readonly everyMs: number };

type Tally = Counted & { day: number; usage: DayUsage };

export const usageDayId = (accountId: string, productId: string | null, day: number): string =>
  derivedId("usage-day", accountId, productId ?? "", String(day));

/** Counts the request under its license and passes the decision on. */
export function counted<D extends Decision<unknown>>(
  deps: Pick<Deps, "usage">,
  license: License | undefined,
  decision: D,
): D {
  if (license) {
    deps.usage.count(whoseIs(license), { checks: 1, denials: decision.ok ? 0 : 1 });
  }
  return decision;
}

type Owned = { readonly accountId: string; readonly productId: string };
const whoseIs = ({ accountId, productId }: Owned): Owned => ({ accountId, productId });

/** Counts an authorization that was decided: `reason` is what it was denied for, and null where it was granted. */
export const countAuthorization = (
  deps: Pick<Deps, "usage">,
  product: Owned,
  reason: string | null,
): void =>
  deps.usage.count(
    whoseIs(product),
    reason === null ? { authorizations: 1 } : { refusals: 1, reasons: { [reason]: 1 } },
  );

/** Counts a request that was sent with an API key of the product. */
export const countApiCall = (deps: Pick<Deps, "usage">, product: Owned): void =>
  deps.usage.count(whoseIs(product), { apiCalls: 1 });

/** Counts licenses of the product that were made; call it once they are there. */
export const countCreated = (deps: Pick<Deps, "usage">, product: Owned, licenses = 1): void =>
  deps.usage.count(whoseIs(product), { licensesCreated: licenses });

/** Counts a license that was used for the first time; call it once that is committed. */
export const countFirstUse = (deps: Pick<Deps, "usage">, license: License): void =>
  deps.usage.count(whoseIs(license), { licensesActivated: 1 });

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
    const usage = addDays(tallies.get(key)?.usage ?? NO_DAY, tally.usage);
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
    count(whose, usage) {
      const at = now();
      add({ ...whose, day: dayOf(at), usage: inHour(hourOf(at), usage) });
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
  const all = tallies.reduce((sum, { usage }) => addDays(sum, usage), NO_DAY);
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
      const expireAt = (day + KEPT_DAYS) * DAY_MS;
      const sum = addDays(stored[index] ?? NO_DAY, usage);
      tx.set(usageDays, { id, accountId, productId, day, ...sum, expireAt });
    }
  });
}
