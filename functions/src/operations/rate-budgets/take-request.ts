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
  ) => Promise<Decision<object>>;
};

/** `usedUp`: the minute has no more than what is left here. */
type Held = { left: number; readonly endsAt: number; readonly usedUp: boolean };

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
    const { granted, endsAt, usedUp } = await store.transaction(async (tx): Promise<Lease> => {
      const next = leaseBudget(await tx.get(rateBudgets, id), { id, perMinute, now: at });
      if (next.lease.granted > 0) tx.set(rateBudgets, next.budget);
      return next.lease;
    });
    if (held.size >= MAX_REMEMBERED) held.clear();
    held.set(id, { left: granted, endsAt, usedUp });
  };

  return {
    async take(store, { id, perMinute }) {
      if (perMinute === 0) return accept({});
      for (;;) {
        const mine = held.get(id);
        const left = mine ? mine.endsAt - now() : 0;
        if (mine && left > 0 && mine.left > 0) {
          mine.left -= 1;
          return accept({});
        }
        if (mine?.usedUp && left > 0) {
          return refuse("RATE_LIMITED", { retryAfterSeconds: Math.ceil(left / 1000) });
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
