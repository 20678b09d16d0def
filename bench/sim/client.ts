import {
  type AnyCollection,
  type AnyConditions,
  type DocumentStore,
  type PageAsk,
  StoreUnavailableError,
  type Transaction,
  type TransactionBody,
} from "../../functions/src/store/document-store.ts";
import type { Chance, Clock } from "./clock.ts";
import { AbortedError, type Change, type Firestore, type Holder, keyOf } from "./firestore.ts";

/** As `functions/src/store/firestore.ts` asks the client for. */
const MAX_ATTEMPTS = 8;
/** The client's own (backoff.js of @google-cloud/firestore): ± half of it. */
const BACKOFF_MS = 1_000;
const BACKOFF_FACTOR = 1.5;
const BACKOFF_MOST_MS = 60_000;

/** The port over the simulated service, with the retries of the real client. */
export function simulatedStore(
  firestore: Firestore,
  clock: Clock,
  chance: Chance,
): { store: DocumentStore; retries: () => number } {
  let retries = 0;

  const transaction = async <R>(body: TransactionBody<R>): Promise<R> => {
    let backoff = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      await clock.wait(backoff * (0.5 + chance.uniform()));
      backoff = Math.min(BACKOFF_MOST_MS, Math.max(BACKOFF_MS, backoff * BACKOFF_FACTOR));
      const holder = firestore.begin();
      try {
        const { tx, changes } = transactionOf(firestore, holder);
        const result = await body(tx);
        if (changes.length > 0) await firestore.commit(changes, holder);
        firestore.release(holder);
        return result;
      } catch (error) {
        firestore.release(holder);
        if (!(error instanceof AbortedError)) throw error;
        retries += 1;
      }
    }
    throw new StoreUnavailableError("Firestore did not answer.");
  };

  /** The queries and counts of the operations that run here: they compare `equal` and `range`. */
  const matching = (collection: AnyCollection, name: string, ask: AnyConditions): object[] => {
    const order = collection.queries[name]?.order?.[0];
    const equal = Object.entries(ask.equal ?? {});
    const { gt, lte } = ask.range ?? {};
    const found: object[] = [];
    for (const record of firestore.documents(collection).values()) {
      const fields = record as Record<string, number | string | null>;
      if (!equal.every(([field, wanted]) => fields[field] === wanted)) continue;
      const value = order === undefined ? 0 : fields[order];
      const isWithin =
        ask.range === undefined ||
        (value != null && (gt === undefined || value > gt) && (lte === undefined || value <= lte));
      if (isWithin) found.push(record);
    }
    return found;
  };

  const store = {
    async get(collection: AnyCollection, id: string) {
      const [record] = await firestore.read([keyOf(collection, id)]);
      return record;
    },
    getMany: (collection: AnyCollection, ids: readonly string[]) =>
      firestore.read(ids.map((id) => keyOf(collection, id))),
    async query(collection: AnyCollection, name: string, ask: AnyConditions & PageAsk) {
      await firestore.read([`query/${name}`]);
      return { items: matching(collection, name, ask).slice(0, ask.limit), next: undefined };
    },
    async count(collection: AnyCollection, name: string, ask: AnyConditions) {
      await firestore.read([`count/${name}`]);
      return matching(collection, name, ask).length;
    },
    async commit() {
      throw new Error("Not asked for here.");
    },
    transaction,
    async close() {},
  };
  return { store: store as unknown as DocumentStore, retries: () => retries };
}

function transactionOf(
  firestore: Firestore,
  holder: Holder,
): { tx: Transaction; changes: Change[] } {
  const changes: Change[] = [];
  const write = (collection: AnyCollection, record: object) => {
    const id = String((record as Record<string, unknown>)[collection.idField]);
    changes.push({ collection, id, record });
  };
  const tx = {
    async get(collection: AnyCollection, id: string) {
      const [record] = await firestore.read([keyOf(collection, id)], holder);
      return record;
    },
    getMany: (collection: AnyCollection, ids: readonly string[]) =>
      firestore.read(
        ids.map((id) => keyOf(collection, id)),
        holder,
      ),
    create: write,
    set: write,
    update: () => {
      throw new Error("Not asked for here.");
    },
    delete: (collection: AnyCollection, id: string) =>
      changes.push({ collection, id, record: undefined }),
  };
  return { tx: tx as unknown as Transaction, changes };
}
