import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Cursor,
  decodeRecord,
  encodeCursor,
  encodePatch,
  encodeRecord,
} from "./collection.ts";
import {
  AlreadyExistsError,
  type AnyCollection,
  type AnyConditions,
  type Collection,
  type DocumentStore,
  MissingDocumentError,
  type Page,
  type PageAsk,
  type Scalar,
  StoreUnavailableError,
  type Transaction,
  type TransactionBody,
  type Write,
} from "./document-store.ts";
import { isBusy, isOfSqlite } from "./sqlite-errors.ts";
import { clause, conditionsOf, pageStatements } from "./sqlite-query.ts";
import { createSchema, quote } from "./sqlite-schema.ts";

/** Transactions that share one commit, and so one wait for the disk. */
const BATCH_SIZE = 128;
const MAX_BACKOFF_MS = 40;
const BODY_TIMEOUT_MS = 1_000;
const OPEN_TIMEOUT_MS = 5_000;

export type SqliteOptions = {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly collections: readonly AnyCollection[];
  /** `NORMAL` survives a crash of the process but may lose the last answers on power loss. */
  readonly synchronous?: "FULL" | "NORMAL";
  /** How long conflicts with other processes may last. */
  readonly deadlineMs?: number;
};

type Json = string | null;

/** Documents as JSON text; `null` is one that is not there. */
type Changes = Map<string, { collection: AnyCollection; id: string; json: Json }>;

type Row = { id: string; json: string; position: Scalar; bound?: Scalar };

type Job = {
  readonly body: TransactionBody<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
};

/**
 * A store in one SQLite file that several processes may share. Bodies run against a snapshot;
 * SQLite refuses the commit when another process committed since, and they run again.
 */
export function openSqliteStore(options: SqliteOptions): DocumentStore {
  if (options.path !== ":memory:") mkdirSync(dirname(options.path), { recursive: true });
  const database = new DatabaseSync(options.path, { timeout: OPEN_TIMEOUT_MS });
  try {
    useWriteAheadLog(database);
    database.exec(`PRAGMA synchronous = ${options.synchronous ?? "FULL"}`);
    createSchema(database, options.collections);
    // Waiting for another process is ours to do: SQLite would block the event loop.
    database.exec("PRAGMA busy_timeout = 0");
  } catch (error) {
    database.close();
    throw storeError(error);
  }
  return new SqliteStore(database, options.deadlineMs ?? 10_000);
}

/** Of two processes that switch a new file over at once, SQLite refuses one without waiting. */
function useWriteAheadLog(database: DatabaseSync): void {
  const deadline = performance.now() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

class SqliteStore implements DocumentStore {
  readonly #database: DatabaseSync;
  readonly #deadlineMs: number;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Job[] = [];
  #draining: Promise<void> | undefined;

  constructor(database: DatabaseSync, deadlineMs: number) {
    this.#database = database;
    this.#deadlineMs = deadlineMs;
  }

  async get<T>(collection: Collection<T>, id: string): Promise<T | undefined> {
    return this.#untilFree(() => decode(collection, id, this.#read(collection, id)));
  }

  async getMany<T>(collection: Collection<T>, ids: readonly string[]): Promise<(T | undefined)[]> {
    return this.#untilFree(() =>
      ids.map((id) => decode(collection, id, this.#read(collection, id))),
    );
  }

  async query<T>(
    collection: Collection<T>,
    name: string,
    ask: AnyConditions & PageAsk,
  ): Promise<Page<T>> {
    const statements = pageStatements(collection, name, ask);
    const rows = await this.#untilFree(() => {
      const found: Row[] = [];
      for (const { sql, parameters } of statements) {
        if (found.length === ask.limit) break;
        const bound = [...parameters, ask.limit - found.length];
        found.push(...(this.#prepare(sql).all(...bound) as Row[]));
      }
      return found;
    });
    const last = rows.length === ask.limit ? rows.at(-1) : undefined;
    return {
      items: rows.map((row) => decode(collection, row.id, row.json) as T),
      next: last && encodeCursor(positionOf(last)),
    };
  }

  async count<T>(collection: Collection<T>, name: string, ask: AnyConditions): Promise<number> {
    const { from, where, parameters } = conditionsOf(collection, name, ask);
    const sql = `SELECT count(*) AS n FROM ${from}${clause(where)}`;
    const row = await this.#untilFree(() => this.#prepare(sql).get(...parameters));
    return Number(row?.["n"]);
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.transaction(async (tx) => {
      for (const write of writes) {
        if (write.kind === "create") tx.create(write.collection, write.record);
        else if (write.kind === "set") tx.set(write.collection, write.record);
        else if (write.kind === "update") tx.update(write.collection, write.id, write.patch);
        else tx.delete(write.collection, write.id);
      }
    });
  }

  transaction<R>(body: TransactionBody<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ body, resolve: resolve as (value: unknown) => void, reject });
      this.#draining ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    await this.#draining;
    this.#database.close();
  }

  async #drain(): Promise<void> {
    // One turn of the event loop lets requests that arrived together share a commit.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_SIZE);
      try {
        await this.#settle(batch);
      } catch (error) {
        for (const job of batch) job.reject(error);
      }
    }
    this.#draining = undefined;
  }

  /** Runs a batch until it commits, then answers every job in it. */
  async #settle(batch: readonly Job[]): Promise<void> {
    const answers = await this.#untilFree(async (attempt) => {
      try {
        // The first try is optimistic; after a conflict the lock comes first, so that it ends.
        this.#database.exec(attempt === 0 ? "BEGIN" : "BEGIN IMMEDIATE");
        const changes: Changes = new Map();
        const settled: (() => void)[] = [];
        for (const job of batch) settled.push(await this.#run(job, changes));
        for (const change of changes.values()) this.#apply(change);
        this.#database.exec("COMMIT");
        return settled;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
    for (const answer of answers) answer();
  }

  /** Repeats what another process stood in the way of, for as long as the deadline allows. */
  async #untilFree<R>(run: (attempt: number) => R | Promise<R>): Promise<R> {
    const deadline = performance.now() + this.#deadlineMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await run(attempt);
      } catch (error) {
        if (!isBusy(error)) throw storeError(error);
        if (performance.now() > deadline) {
          throw new StoreUnavailableError("The database is busy.", { cause: error });
        }
        await delay(Math.random() * Math.min(MAX_BACKOFF_MS, 2 ** attempt));
      }
    }
  }

  /** Runs one body; its writes join `changes`, where the bodies after it see them. */
  async #run(job: Job, changes: Changes): Promise<() => void> {
    const tx = new SqliteTransaction((collection, id) => {
      const change = changes.get(keyOf(collection, id));
      return change ? change.json : this.#read(collection, id);
    });
    try {
      const result = await withinTimeout(job.body(tx));
      for (const [key, change] of tx.staged()) changes.set(key, change);
      return () => job.resolve(result);
    } catch (error) {
      if (isBusy(error)) throw error;
      return () => job.reject(storeError(error));
    }
  }

  #apply({ collection, id, json }: { collection: AnyCollection; id: string; json: Json }): void {
    const table = quote(collection.name);
    if (json === null) this.#prepare(`DELETE FROM ${table} WHERE id = ?`).run(id);
    else {
      this.#prepare(
        `INSERT INTO ${table} (id, json) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET json = excluded.json`,
      ).run(id, json);
    }
  }

  #read(collection: AnyCollection, id: string): Json {
    const row = this.#prepare(`SELECT json FROM ${quote(collection.name)} WHERE id = ?`).get(id) as
      | { json: string }
      | undefined;
    return row ? row.json : null;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

class SqliteTransaction implements Transaction {
  readonly #readJson: (collection: AnyCollection, id: string) => Json;
  readonly #changes: Changes = new Map();

  constructor(readJson: (collection: AnyCollection, id: string) => Json) {
    this.#readJson = readJson;
  }

  async get<T>(collection: Collection<T>, id: string): Promise<T | undefined> {
    // Firestore refuses this too, and only in production would anybody notice.
    if (this.#changes.size > 0) throw new TypeError("A transaction reads before it writes.");
    return decode(collection, id, this.#readJson(collection, id));
  }

  async getMany<T>(collection: Collection<T>, ids: readonly string[]): Promise<(T | undefined)[]> {
    return Promise.all(ids.map((id) => this.get(collection, id)));
  }

  create(collection: AnyCollection, record: unknown): void {
    const { id, fields } = encodeRecord(collection, record);
    if (this.#current(collection, id) !== null) {
      throw new AlreadyExistsError(`${collection.name}: the document exists`);
    }
    this.#stage(collection, id, JSON.stringify(fields));
  }

  set(collection: AnyCollection, record: unknown): void {
    const { id, fields } = encodeRecord(collection, record);
    this.#stage(collection, id, JSON.stringify(fields));
  }

  update(collection: AnyCollection, id: string, patch: Readonly<Record<string, unknown>>): void {
    const fields = encodePatch(collection, patch);
    const json = this.#current(collection, id);
    if (json === null) throw new MissingDocumentError(`${collection.name}: no such document`);
    this.#stage(collection, id, JSON.stringify({ ...JSON.parse(json), ...fields }));
  }

  delete(collection: AnyCollection, id: string): void {
    this.#stage(collection, id, null);
  }

  staged(): Changes {
    return this.#changes;
  }

  #current(collection: AnyCollection, id: string): Json {
    const change = this.#changes.get(keyOf(collection, id));
    return change ? change.json : this.#readJson(collection, id);
  }

  #stage(collection: AnyCollection, id: string, json: Json): void {
    this.#changes.set(keyOf(collection, id), { collection, id, json });
  }
}

const positionOf = ({ id, position, bound }: Row): Cursor =>
  bound === undefined ? { value: position, id } : { value: position, id, bound };

const keyOf = (collection: AnyCollection, id: string) => `${collection.name}\n${id}`;

function decode<T>(collection: Collection<T>, id: string, json: Json): T | undefined {
  return json === null ? undefined : decodeRecord(collection, id, JSON.parse(json));
}

async function withinTimeout<R>(body: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error("A transaction body awaited something other than its transaction."));
    }, BODY_TIMEOUT_MS);
  });
  try {
    return await Promise.race([body, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** SQLite's own failures (disk full, I/O) are the store's, whatever a body made of them. */
const storeError = (error: unknown) =>
  isOfSqlite(error) ? new StoreUnavailableError("The database failed.", { cause: error }) : error;
