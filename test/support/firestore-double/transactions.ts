import { randomBytes } from "node:crypto";
import type { DocumentReader, StoredDocument } from "./documents.ts";
import { mayOverlap, type QueryPlan, selects } from "./query-plan.ts";
import { aborted, invalid, type StatusError } from "./status-error.ts";

/** The connection a request came by. */
export type Caller = {
  readonly peer: string;
  onCancel(listener: () => void): void;
};

export type Transaction = {
  readonly id: string;
  readonly snapshot: DocumentReader | undefined;
  readonly documents: Set<string>;
  readonly queries: QueryPlan[];
  readonly startedAt: number;
  lastUsedAt: number;
  peer: string;
  isOrphan: boolean;
};

/** The transactions a request has to wait for. */
type Blockers = () => ReadonlySet<Transaction>;

type Waiter = {
  readonly transaction: Transaction;
  readonly blockers: Blockers;
  readonly since: number;
  grant(): void;
  refuse(error: StatusError): void;
};

/** Milliseconds. A lock wait ends well before the client's deadline of 60 s. */
export const PATIENCE = {
  lockWait: 20_000,
  idle: 30_000,
  orphanIdle: 2_000,
  total: 270_000,
} as const;

type Options = {
  readonly documents: DocumentReader;
  readonly now?: () => number;
};

/** Pessimistic locks on documents and on query results, with queued waiters. */
export class Transactions {
  abortedCount = 0;
  readonly #documents: DocumentReader;
  readonly #now: () => number;
  readonly #open = new Map<string, Transaction>();
  readonly #documentLocks = new Map<string, Transaction>();
  readonly #waiters = new Set<Waiter>();
  #isWaking = false;
  #mustWake = false;

  constructor({ documents, now = Date.now }: Options) {
    this.#documents = documents;
    this.#now = now;
  }

  begin(caller: Caller, snapshot?: DocumentReader): Transaction {
    const now = this.#now();
    const transaction: Transaction = {
      id: randomBytes(12).toString("hex"),
      snapshot,
      documents: new Set(),
      queries: [],
      startedAt: now,
      lastUsedAt: now,
      peer: caller.peer,
      isOrphan: false,
    };
    this.#open.set(transaction.id, transaction);
    return transaction;
  }

  /** The client retries on exactly this message: it does not retry other INVALID_ARGUMENTs. */
  find(id: string, caller: Caller): Transaction {
    const transaction = this.#open.get(id);
    if (!transaction)
      throw invalid("The referenced transaction has expired or is no longer valid.");
    transaction.lastUsedAt = this.#now();
    transaction.peer = caller.peer;
    transaction.isOrphan = false;
    return transaction;
  }

  end(id: string): void {
    const transaction = this.#open.get(id);
    if (transaction) this.#close(transaction, aborted("The transaction has ended."));
  }

  /** The connection is gone; its transactions live on only if the client uses another one soon. */
  orphan(peer: string): void {
    for (const transaction of this.#open.values())
      if (transaction.peer === peer) transaction.isOrphan = true;
  }

  /** Ends what has waited, idled or lived too long. */
  sweep(): void {
    const now = this.#now();
    for (const waiter of [...this.#waiters])
      if (now - waiter.since > PATIENCE.lockWait)
        this.#abort(
          waiter.transaction,
          "Too much contention on these documents. Please try again.",
        );
    for (const transaction of [...this.#open.values()]) {
      const idleLimit = transaction.isOrphan ? PATIENCE.orphanIdle : PATIENCE.idle;
      const isIdle = now - transaction.lastUsedAt > idleLimit && !this.#isWaiting(transaction);
      if (isIdle || now - transaction.startedAt > PATIENCE.total)
        this.#abort(transaction, "The transaction has expired.");
    }
  }

  /** Runs `act`, which must be synchronous, as soon as nothing blocks it. */
  whenFree<T>(
    transaction: Transaction,
    blockers: Blockers,
    caller: Caller,
    act: () => T,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const grant = () => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      };
      if (blockers().size === 0) return grant();
      const waiter = { transaction, blockers, since: this.#now(), grant, refuse: reject };
      this.#waiters.add(waiter);
      if (this.#isDeadlocked(transaction))
        this.#abort(transaction, "Deadlock between transactions. Please try again.");
      else
        caller.onCancel(() => {
          if (this.#waiters.has(waiter)) this.end(transaction.id);
        });
    });
  }

  lockDocuments<T>(
    transaction: Transaction,
    names: readonly string[],
    caller: Caller,
    read: () => T,
  ): Promise<T> {
    const blockers = () => {
      const found = this.#holders(transaction, names);
      for (const name of names) this.#addReaders(found, transaction, [this.#documents.get(name)]);
      return found;
    };
    return this.whenFree(transaction, blockers, caller, () => {
      for (const name of names) {
        this.#documentLocks.set(name, transaction);
        transaction.documents.add(name);
      }
      return read();
    });
  }

  /** Also keeps documents out that would newly match. */
  lockQuery<T>(
    transaction: Transaction,
    plan: QueryPlan,
    caller: Caller,
    read: () => T,
  ): Promise<T> {
    const blockers = () => {
      const found = new Set<Transaction>();
      for (const other of this.#open.values())
        if (other !== transaction && other.queries.some((query) => mayOverlap(query, plan)))
          found.add(other);
      for (const [name, holder] of this.#documentLocks)
        if (holder !== transaction && selects(plan, this.#documents.get(name))) found.add(holder);
      return found;
    };
    return this.whenFree(transaction, blockers, caller, () => {
      transaction.queries.push(plan);
      return read();
    });
  }

  /** Who stands in the way of these changes. */
  changeBlockers(
    transaction: Transaction,
    names: readonly string[],
    nextStates: () => Iterable<StoredDocument | undefined>,
  ): ReadonlySet<Transaction> {
    const found = this.#holders(transaction, names);
    const queried = [...this.#open.values()].some(
      (other) => other !== transaction && other.queries.length > 0,
    );
    if (!queried) return found;
    const states = [...names.map((name) => this.#documents.get(name)), ...nextStates()];
    this.#addReaders(found, transaction, states);
    return found;
  }

  #holders(transaction: Transaction, names: readonly string[]): Set<Transaction> {
    const found = new Set<Transaction>();
    for (const name of names) {
      const holder = this.#documentLocks.get(name);
      if (holder && holder !== transaction) found.add(holder);
    }
    return found;
  }

  #addReaders(
    found: Set<Transaction>,
    transaction: Transaction,
    states: readonly (StoredDocument | undefined)[],
  ): void {
    for (const other of this.#open.values())
      if (
        other !== transaction &&
        other.queries.some((query) => states.some((state) => selects(query, state)))
      )
        found.add(other);
  }

  #isWaiting(transaction: Transaction): boolean {
    return [...this.#waiters].some((waiter) => waiter.transaction === transaction);
  }

  #isDeadlocked(root: Transaction): boolean {
    const seen = new Set<Transaction>();
    const pending = [root];
    for (let next = pending.pop(); next; next = pending.pop())
      for (const waiter of this.#waiters) {
        if (waiter.transaction !== next) continue;
        for (const blocker of waiter.blockers()) {
          if (blocker === root) return true;
          if (!seen.has(blocker)) pending.push(blocker);
          seen.add(blocker);
        }
      }
    return false;
  }

  #abort(transaction: Transaction, reason: string): void {
    if (!this.#open.has(transaction.id)) return;
    this.abortedCount++;
    this.#close(transaction, aborted(reason));
  }

  #close(transaction: Transaction, reason: StatusError): void {
    this.#open.delete(transaction.id);
    for (const name of transaction.documents) this.#documentLocks.delete(name);
    for (const waiter of [...this.#waiters]) {
      if (waiter.transaction !== transaction) continue;
      this.#waiters.delete(waiter);
      waiter.refuse(reason);
    }
    this.#wake();
  }

  /** A grant can end a transaction, which wakes again: one loop instead of a recursion. */
  #wake(): void {
    this.#mustWake = true;
    if (this.#isWaking) return;
    this.#isWaking = true;
    while (this.#mustWake) {
      this.#mustWake = false;
      for (const waiter of [...this.#waiters]) {
        if (!this.#waiters.has(waiter) || waiter.blockers().size > 0) continue;
        this.#waiters.delete(waiter);
        waiter.transaction.lastUsedAt = this.#now();
        waiter.grant();
        if (this.#isDeadlocked(waiter.transaction))
          this.#abort(waiter.transaction, "Deadlock between transactions. Please try again.");
      }
    }
    this.#isWaking = false;
  }
}
