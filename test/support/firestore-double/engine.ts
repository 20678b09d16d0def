import { type DocumentReader, DocumentStore, type StoredDocument } from "./documents.ts";
import type { IndexRules } from "./index-rules.ts";
import {
  type Timestamp,
  type TransactionOptions,
  toTimestamp,
  type Write,
  type WriteResult,
} from "./proto.ts";
import { invalid, StatusError, unimplemented } from "./status-error.ts";
import { type Caller, type Transaction, Transactions } from "./transactions.ts";
import { nameOf, stageWrites } from "./writes.ts";

type TransactionId = Uint8Array | string | null | undefined;

/** How a read request says what it wants to see. */
export type ReadSelector = {
  readonly transaction?: TransactionId;
  readonly newTransaction?: TransactionOptions | null | undefined;
  readonly readTime?: Timestamp | null | undefined;
};

export type Reading<T> = {
  readonly value: T;
  readonly readTime: Timestamp;
  /** Given when this read opened a transaction. */
  readonly opened: Uint8Array | undefined;
};

type Read<T> = (documents: DocumentReader) => T;

type Locking<T> = {
  readonly selector: ReadSelector;
  readonly caller: Caller;
  readonly read: Read<T>;
  lock(transaction: Transaction, read: () => T): Promise<T>;
};

type CommitReply = {
  readonly commitTime: Timestamp;
  readonly writeResults: WriteResult[];
};

export const transactionId = (bytes: TransactionId): string | undefined =>
  bytes?.length ? Buffer.from(bytes as Uint8Array).toString("hex") : undefined;

export const toBytes = (transaction: Transaction): Uint8Array => Buffer.from(transaction.id, "hex");

export class Engine {
  commitCount = 0;
  readonly documents = new DocumentStore();
  readonly transactions = new Transactions({ documents: this.documents });
  readonly rules: IndexRules | undefined;

  constructor(rules: IndexRules | undefined) {
    this.rules = rules;
  }

  begin(options: TransactionOptions | null | undefined, caller: Caller): Transaction {
    const readOnly = options?.readOnly;
    if (readOnly?.readTime) throw unimplemented("reading at a past time");
    return this.transactions.begin(caller, readOnly ? this.documents.snapshot() : undefined);
  }

  async read<T>({ selector, caller, read, lock }: Locking<T>): Promise<Reading<T>> {
    if (selector.readTime) throw unimplemented("reading at a past time");
    const id = transactionId(selector.transaction);
    const opened = selector.newTransaction
      ? this.begin(selector.newTransaction, caller)
      : undefined;
    const transaction = opened ?? (id ? this.transactions.find(id, caller) : undefined);
    const value =
      transaction && !transaction.snapshot
        ? await lock(transaction, () => read(this.documents))
        : read(transaction?.snapshot ?? this.documents);
    return {
      value,
      readTime: toTimestamp(this.documents.tick()),
      opened: opened && toBytes(opened),
    };
  }

  async commit(
    writes: readonly Write[],
    id: string | undefined,
    caller: Caller,
  ): Promise<CommitReply> {
    const names = writes.map(nameOf);
    const transaction = id ? this.transactions.find(id, caller) : this.transactions.begin(caller);
    if (transaction.snapshot && writes.length > 0)
      throw invalid("A read-only transaction cannot write.");
    const blockers = () =>
      this.transactions.changeBlockers(transaction, names, () => this.#nextStates(writes));
    return this.transactions.whenFree(transaction, blockers, caller, () =>
      this.#settle(writes, transaction),
    );
  }

  #settle(writes: readonly Write[], transaction: Transaction): CommitReply {
    try {
      const at = this.documents.tick();
      const staged = stageWrites({ writes, documents: this.documents, at, rules: this.rules });
      this.documents.apply(staged.changes);
      this.commitCount++;
      return { commitTime: toTimestamp(at), writeResults: [...staged.results] };
    } finally {
      this.transactions.end(transaction.id);
    }
  }

  /** Writes that will be refused change nothing, so they wait for no reader. */
  #nextStates(writes: readonly Write[]): Iterable<StoredDocument | undefined> {
    try {
      const at = this.documents.tick();
      return stageWrites({
        writes,
        documents: this.documents,
        at,
        rules: this.rules,
      }).changes.values();
    } catch (error) {
      if (error instanceof StatusError) return [];
      throw error;
    }
  }
}
