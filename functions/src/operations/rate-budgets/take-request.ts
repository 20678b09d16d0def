import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type Lease, leaseBudget } from "../../core/rate-budgets.ts";
import { rateBudgets } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";

export type RateBudgets = {
  /**
   * Counts one request of `id`, of which all instances together let through `perMinute` a minute;
   * 0 is no limit.
   */
  readonly take: (
    store: DocumentStore,
    ask: { readonly id: string; readonly perMinute: number },
  ) => Promise<Taken>;
};

/** `budget` is left out where there is no limit. */
export type Taken = Decision<object> & { readonly budget?: Budget };

/** What the sender is told of its minute; what other instances let through meanwhile is not known. */
export type Budget = {
  readonly perMinute: number;
  readonly remaining: number;
  /** Epoch milliseconds. */
  readonly endsAt: number;
};

/** `unleased`: what the minute had besides when this was leased. */
type Held = { left: number; readonly endsAt: number; readonly unleased: number };

const MAX_REMEMBERED = 10_000;

/**
 * An instance leases requests in lots and counts them in its memory: a lot costs one read and one
 * write, and when the minute is used up nothing is asked until it is over.
 */
export function createRateBudgets({ now }: { readonly now: () => number }): RateBudgets {
  const held = new Map<string, Held>();
  const leasing = new Map<string, Promise<void>>();

  const lease = async (store: DocumentStore, id: string, perMinute: number) => {
    const at = now();
    const { granted, endsAt, unleased } = await store.transaction(async (tx): Promise<Lease> => {
      const next = leaseBudget(await tx.get(rateBudgets, id), { id, perMinute, now: at });
      if (next.lease.granted > 0) tx.set(rateBudgets, next.budget);
      return next.lease;
    });
    if (held.size >= MAX_REMEMBERED) held.clear();
    held.set(id, { left: granted, endsAt, unleased });
  };

  return {
    async take(store, { id, perMinute }) {
      if (perMinute === 0) return accept({});
      for (;;) {
        const mine = held.get(id);
        const left = mine ? mine.endsAt - now() : 0;
        if (mine && left > 0 && mine.left > 0) {
          mine.left -= 1;
          const remaining = mine.left + mine.unleased;
          return { ...accept({}), budget: { perMinute, remaining, endsAt: mine.endsAt } };
        }
        if (mine?.unleased === 0 && left > 0) {
          const retryAfterSeconds = Math.ceil(left / 1000);
          const budget = { perMinute, remaining: 0, endsAt: mine.endsAt };
          return { ...refuse("RATE_LIMITED", { retryAfterSeconds }), budget };
        }
        const started = leasing.get(id);
        if (started) await started;
        else {
          const asked = lease(store, id, perMinute).finally(() => leasing.delete(id));
          leasing.set(id, asked);
          await asked;
        }
      }
    },
  };
}
