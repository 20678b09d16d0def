import type {
  DocumentStore,
  Reader,
  Transaction,
  TransactionBody,
  Write,
} from "./document-store.ts";

/** Documents touched. An aggregate query reads none; Firestore bills it by the index entries it counts. */
export type Meter = { reads: number; writes: number; aggregates: number };

export const newMeter = (): Meter => ({ reads: 0, writes: 0, aggregates: 0 });

/** The same store, counting the documents it reads and writes; of a transaction, its last run. */
export function metered(store: DocumentStore): { store: DocumentStore; meter: Meter } {
  const meter = newMeter();
  return {
    meter,
    store: {
      ...meteredReader(store, meter),
      async query(collection, name, ask) {
        const page = await store.query(collection, name, ask);
        // A query that finds nothing is billed as one read.
        meter.reads += Math.max(1, page.items.length + (page.skipped ?? 0));
        return page;
      },
      async count(collection, name, ask) {
        meter.aggregates += 1;
        return store.count(collection, name, ask);
      },
      async commit(writes: readonly Write[]) {
        await store.commit(writes);
        meter.writes += writes.length;
      },
      async transaction<R>(body: TransactionBody<R>): Promise<R> {
        let run = newMeter();
        const result = await store.transaction((tx) => {
          run = newMeter();
          return body(meteredTransaction(tx, run));
        });
        meter.reads += run.reads;
        meter.writes += run.writes;
        return result;
      },
      close: () => store.close(),
    },
  };
}

function meteredReader(reader: Reader, meter: Meter): Reader {
  return {
    get(collection, id) {
      meter.reads += 1;
      return reader.get(collection, id);
    },
    getMany(collection, ids) {
      meter.reads += ids.length;
      return reader.getMany(collection, ids);
    },
  };
}

export function meteredTransaction(tx: Transaction, meter: Meter): Transaction {
  return {
    ...meteredReader(tx, meter),
    create(collection, record) {
      meter.writes += 1;
      tx.create(collection, record);
    },
    set(collection, record) {
      meter.writes += 1;
      tx.set(collection, record);
    },
    update(collection, id, patch) {
      meter.writes += 1;
      tx.update(collection, id, patch);
    },
    delete(collection, id) {
      meter.writes += 1;
      tx.delete(collection, id);
    },
  };
}
