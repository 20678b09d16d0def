import { accept, type Decision, refuse } from "../../core/decision.ts";
import {
  isCurrent,
  type Lease,
  leaseBudget,
  type Unasked,
  unaskedLease,
} from "../../core/rate-budgets.ts";
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

/** What an instance has of somebody's minute. */
type Held = {
  left: number;
  readonly endsAt: number;
  /** What the minute had besides when this was leased. */
  readonly unleased: number;
  /** What was let through before the first lease, which is charged for it. */
  readonly unasked: Unasked;
};

const MAX_REMEMBERED = 10_000;

/**
 * An instance lets the first requests of a minute through, then leases more in lots and counts them
 * in its memory: a lot costs one read and one write, and when the minute is used up nothing is asked
 * until it is over.
 */
export function createRateBudgets({ now }: { readonly now: () => number }): RateBudgets {
  const held = new Map<string, Held>();
  const leasing = new Map<string, Promise<void>>();

  const hold = (id: string, { granted, endsAt, unleased }: Lease, unasked: Unasked): Held => {
    const mine = { left: granted, endsAt, unleased, unasked };
    held.delete(id);
    const oldest = held.size < MAX_REMEMBERED ? undefined : held.keys().next().value;
    if (oldest !== undefined) held.delete(oldest);
    held.set(id, mine);
    return mine;
  };

  const begin = (id: string, perMinute: number): Held => {
    const startedAt = now();
    const lease = unaskedLease(perMinute, startedAt);
    return hold(id, lease, { startedAt, used: lease.granted });
  };

  const lease = async (
    store: DocumentStore,
    ask: { id: string; perMinute: number; mine: Held },
  ) => {
    const { id, perMinute, mine } = ask;
    const terms = { id, perMinute, now: now(), unasked: mine.unasked };
    const leased = await store.transaction(async (tx): Promise<Lease> => {
      const next = leaseBudget(await tx.get(rateBudgets, id), terms);
      if (next.lease.granted > 0) tx.set(rateBudgets, next.budget);
      return next.lease;
    });
    hold(id, leased, { startedAt: terms.now, used: 0 });
  };

  return {
    async take(store, { id, perMinute }) {
      if (perMinute === 0) return accept({});
      for (;;) {
        const known = held.get(id);
        const mine = known && isCurrent(known, now()) ? known : begin(id, perMinute);
        const { endsAt, unleased } = mine;
        if (mine.left > 0) {
          mine.left -= 1;
          return { ...accept({}), budget: { perMinute, remaining: mine.left + unleased, endsAt } };
        }
        if (unleased === 0) {
          const retryAfterSeconds = Math.ceil((endsAt - now()) / 1000);
          const budget = { perMinute, remaining: 0, endsAt };
          return { ...refuse("RATE_LIMITED", { retryAfterSeconds }), budget };
        }
        const asked =
          leasing.get(id) ??
          lease(store, { id, perMinute, mine }).finally(() => leasing.delete(id));
        leasing.set(id, asked);
        await asked;
      }
    },
  };
}
