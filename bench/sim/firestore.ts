import type { AnyCollection } from "../../functions/src/store/document-store.ts";
import type { Chance, Clock, Latency } from "./clock.ts";

/** What is assumed of the service; `docs/performance.md` says from where. */
export type Limits = {
  /** Until a read is answered, half of it on the way there. */
  readonly read: Latency;
  readonly commit: Latency;
  /** What one document sustains; a burst above it is taken until the credit is used up. */
  readonly writesPerSecond: number;
  readonly burstWrites: number;
  /** How long a request waits for a lock, or a commit for its turn, before it is aborted. */
  readonly lockWaitMs: number;
  readonly concurrency: "pessimistic" | "optimistic";
};

export class AbortedError extends Error {
  override readonly name = "AbortedError";
}

export type Change = {
  readonly collection: AnyCollection;
  readonly id: string;
  /** `undefined` deletes. */
  readonly record: object | undefined;
};

export type Counters = {
  reads: number;
  writes: number;
  commits: number;
  aborts: number;
  /** The most that ever waited for one document, and which that was. */
  longestQueue: number;
  longestQueueOf: string;
};

type Waiter = { readonly grant: () => void; readonly holder: Holder; isOver: boolean };
/** Waiters that gave up stay in the queue until it is their turn. */
type Lock = { holder: Holder; queue: Waiter[]; waiting: number };
type Bucket = { credit: number; at: number };

/** A transaction as the service sees it. */
export type Holder = { readonly locked: Set<string>; readonly versions: Map<string, number> };

/** The documents, their locks and their write rates. */
export type Firestore = {
  readonly counters: Counters;
  readonly begin: () => Holder;
  readonly read: (keys: readonly string[], holder?: Holder) => Promise<(object | undefined)[]>;
  readonly commit: (changes: readonly Change[], holder: Holder) => Promise<void>;
  readonly release: (holder: Holder) => void;
  /** Past the network, for what a run begins with and for its queries. */
  readonly documents: (collection: AnyCollection) => ReadonlyMap<string, object>;
  readonly seed: (changes: readonly Change[]) => void;
};

export const keyOf = (collection: AnyCollection, id: string) => `${collection.name}/${id}`;

export function createFirestore(clock: Clock, chance: Chance, limits: Limits): Firestore {
  const documents = new Map<string, Map<string, object>>();
  const within = (collection: string): Map<string, object> => {
    const known = documents.get(collection);
    if (known) return known;
    const made = new Map<string, object>();
    documents.set(collection, made);
    return made;
  };
  const collectionOf = (key: string) => key.slice(0, key.indexOf("/"));
  const versions = new Map<string, number>();
  const locks = new Map<string, Lock>();
  const buckets = new Map<string, Bucket>();
  const counters: Counters = {
    reads: 0,
    writes: 0,
    commits: 0,
    aborts: 0,
    longestQueue: 0,
    longestQueueOf: "",
  };

  const abort = (holder: Holder): AbortedError => {
    counters.aborts += 1;
    release(holder);
    return new AbortedError("Too much contention on these documents. Please try again.");
  };

  const lock = (key: string, holder: Holder): Promise<void> => {
    if (holder.locked.has(key)) return Promise.resolve();
    holder.locked.add(key);
    const held = locks.get(key);
    if (!held) {
      locks.set(key, { holder, queue: [], waiting: 0 });
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { grant: resolve, holder, isOver: false };
      held.queue.push(waiter);
      held.waiting += 1;
      if (held.waiting > counters.longestQueue) {
        counters.longestQueue = held.waiting;
        counters.longestQueueOf = collectionOf(key);
      }
      clock.after(limits.lockWaitMs, () => {
        if (waiter.isOver) return;
        waiter.isOver = true;
        holder.locked.delete(key);
        held.waiting -= 1;
        reject(abort(holder));
      });
    });
  };

  const release = (holder: Holder) => {
    for (const key of holder.locked) {
      const held = locks.get(key);
      if (held?.holder !== holder) continue;
      let next = held.queue.shift();
      while (next?.isOver) next = held.queue.shift();
      if (next) {
        next.isOver = true;
        held.waiting -= 1;
        held.holder = next.holder;
        next.grant();
      } else locks.delete(key);
    }
    holder.locked.clear();
  };

  /** How long the document has to wait for its next write. */
  const turn = (key: string): number => {
    const now = clock.now();
    const bucket = buckets.get(key) ?? { credit: limits.burstWrites, at: now };
    const earned = ((now - bucket.at) / 1000) * limits.writesPerSecond;
    const credit = Math.min(limits.burstWrites, bucket.credit + earned) - 1;
    buckets.set(key, { credit, at: now });
    return credit >= 0 ? 0 : (-credit / limits.writesPerSecond) * 1000;
  };
  const giveBack = (key: string) => {
    const bucket = buckets.get(key);
    if (bucket) bucket.credit += 1;
  };

  const apply = ({ collection, id, record }: Change) => {
    const key = keyOf(collection, id);
    versions.set(key, (versions.get(key) ?? 0) + 1);
    if (record) within(collection.name).set(key, record);
    else within(collection.name).delete(key);
  };

  return {
    counters,
    documents: ({ name }) => within(name),
    seed: (changes) => changes.forEach(apply),
    begin: () => ({ locked: new Set(), versions: new Map() }),
    release,
    async read(keys, holder) {
      counters.reads += keys.length;
      const latency = chance.latency(limits.read);
      await clock.wait(latency / 2);
      if (holder && limits.concurrency === "pessimistic") {
        for (const key of keys) await lock(key, holder);
      }
      const found = keys.map((key) => {
        holder?.versions.set(key, versions.get(key) ?? 0);
        return within(collectionOf(key)).get(key);
      });
      await clock.wait(latency / 2);
      return found;
    },
    async commit(changes, holder) {
      const latency = chance.latency(limits.commit);
      await clock.wait(latency / 4);
      const keys = changes.map(({ collection, id }) => keyOf(collection, id));
      // In one order everywhere, so that no two wait for each other.
      for (const key of [...keys].sort()) await lock(key, holder);
      const stale = [...holder.versions].some(([key, seen]) => (versions.get(key) ?? 0) !== seen);
      if (stale) throw abort(holder);
      const waits = keys.map(turn);
      const wait = Math.max(0, ...waits);
      if (wait > limits.lockWaitMs) {
        keys.forEach(giveBack);
        throw abort(holder);
      }
      await clock.wait(wait + latency / 2);
      changes.forEach(apply);
      counters.commits += 1;
      counters.writes += changes.length;
      release(holder);
      await clock.wait(latency / 4);
    },
  };
}
