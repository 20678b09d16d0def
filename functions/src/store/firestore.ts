import {
  type DocumentData,
  type DocumentReference,
  type DocumentSnapshot,
  FieldPath,
  FieldValue,
  type Firestore,
  type Transaction as FirestoreTx,
  GrpcStatus,
  type Query,
  Timestamp,
} from "firebase-admin/firestore";
import {
  type Cursor,
  checkedQuery,
  decodeCursor,
  decodeRecord,
  encodeCursor,
  encodePatch,
  encodeRecord,
  isDocumentId,
  matchesNothing,
  searchedFields,
} from "./collection.ts";
import {
  AlreadyExistsError,
  type AnyCollection,
  type AnyConditions,
  type Collection,
  type DocumentStore,
  InvalidCursorError,
  MissingDocumentError,
  type Page,
  type PageAsk,
  type QueryShape,
  type Scalar,
  StoreUnavailableError,
  type Transaction,
  type TransactionBody,
  type Write,
} from "./document-store.ts";
import { substringToken, substringTokens, tokensField } from "./substrings.ts";

/** The client backs off a second and more: this is half a minute of conflicts. */
const MAX_ATTEMPTS = 8;

/** Collections at the root of a Firestore database. Closing the store closes the client. */
export function firestoreStore(firestore: Firestore): DocumentStore {
  return new FirestoreStore(firestore);
}

class FirestoreStore implements DocumentStore {
  readonly #firestore: Firestore;

  constructor(firestore: Firestore) {
    this.#firestore = firestore;
  }

  async get<T>(collection: Collection<T>, id: string): Promise<T | undefined> {
    const [record] = await this.getMany(collection, [id]);
    return record;
  }

  getMany<T>(collection: Collection<T>, ids: readonly string[]): Promise<(T | undefined)[]> {
    return readMany(this.#firestore, collection, ids, (refs) =>
      answered(this.#firestore.getAll(...refs)),
    );
  }

  async query<T>(
    collection: Collection<T>,
    name: string,
    ask: AnyConditions & PageAsk,
  ): Promise<Page<T>> {
    const shape = checkedQuery(collection, name, ask);
    const after = ask.after === undefined ? undefined : startOf(collection, shape, ask.after);
    if (matchesNothing(ask)) return { items: [], next: undefined };
    const skip = ask.skip ?? 0;
    const ordered = this.#matching(collection, shape, ask)
      .orderBy(FieldPath.documentId(), shape.order?.[1] ?? "asc")
      .offset(skip)
      .limit(ask.limit);
    const { docs } = await answered((after ? ordered.startAfter(...after) : ordered).get());
    const last = docs.length === ask.limit ? docs.at(-1) : undefined;
    return {
      items: docs.map((snapshot) => decode(collection, snapshot) as T),
      next: last && encodeCursor(positionOf(shape, last)),
      ...(skip > 0 ? { skipped: skip } : {}),
    };
  }

  async count<T>(collection: Collection<T>, name: string, ask: AnyConditions): Promise<number> {
    const shape = checkedQuery(collection, name, ask);
    if (matchesNothing(ask)) return 0;
    const counted = await answered(this.#matching(collection, shape, ask).count().get());
    return counted.data().count;
  }

  async commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    const batch = this.#firestore.batch();
    const writer = new Writer(this.#firestore, batch);
    for (const write of writes) {
      if (write.kind === "create") writer.create(write.collection, write.record);
      else if (write.kind === "set") writer.set(write.collection, write.record);
      else if (write.kind === "update") writer.update(write.collection, write.id, write.patch);
      else writer.delete(write.collection, write.id);
    }
    await answered(batch.commit());
  }

  async transaction<R>(body: TransactionBody<R>): Promise<R> {
    try {
      return await this.#firestore.runTransaction((inner) => this.#attempt(inner, body), {
        maxAttempts: MAX_ATTEMPTS,
      });
    } catch (error) {
      throw error instanceof BodyError ? error.cause : storeError(error);
    }
  }

  async close(): Promise<void> {
    await this.#firestore.terminate();
  }

  async #attempt<R>(inner: FirestoreTx, body: TransactionBody<R>): Promise<R> {
    const tx = new FirestoreTransaction(this.#firestore, inner);
    let result: R;
    try {
      result = await body(tx);
    } catch (error) {
      // The client retries whatever carries a retryable `code`, so a body's own errors are wrapped.
      throw tx.failure ?? new BodyError({ cause: error });
    }
    // A read that failed is the client's to retry, whatever the body made of it.
    if (tx.failure) throw tx.failure;
    return result;
  }

  #matching(collection: AnyCollection, shape: QueryShape, ask: AnyConditions): Query {
    let query: Query = this.#firestore.collection(collection.name);
    for (const [field, wanted] of Object.entries(ask.equal ?? {})) {
      query = Array.isArray(wanted)
        ? query.where(field, "in", alternatives(collection, field, wanted))
        : query.where(field, "==", toStored(collection, field, wanted));
    }
    if (shape.contains !== undefined) {
      query = query.where(shape.contains, "array-contains", ask.contains);
    }
    if (shape.substring !== undefined) {
      const token = substringToken(ask.substring ?? "");
      query = query.where(tokensField(shape.substring), "array-contains", token);
    }
    if (!shape.order) return query;
    const [field, direction] = shape.order;
    for (const [bound, value] of Object.entries(ask.range ?? {})) {
      const operator = operators[bound as keyof typeof operators];
      query = query.where(field, operator, toStored(collection, field, value));
    }
    query = query.orderBy(field, direction);
    if (shape.bound === undefined) return query;
    for (const [end, value] of Object.entries(ask.bound ?? {})) {
      const operator = operators[end as keyof typeof operators];
      query = query.where(shape.bound, operator, toStored(collection, shape.bound, value));
    }
    // Named although a range implies it, so that one index serves with and without.
    return query.orderBy(shape.bound, direction);
  }
}

class FirestoreTransaction implements Transaction {
  failure: Error | undefined;
  readonly #firestore: Firestore;
  readonly #inner: FirestoreTx;
  readonly #writer: Writer;

  constructor(firestore: Firestore, inner: FirestoreTx) {
    this.#firestore = firestore;
    this.#inner = inner;
    this.#writer = new Writer(firestore, inner);
  }

  async get<T>(collection: Collection<T>, id: string): Promise<T | undefined> {
    const [record] = await this.getMany(collection, [id]);
    return record;
  }

  async getMany<T>(collection: Collection<T>, ids: readonly string[]): Promise<(T | undefined)[]> {
    if (this.#writer.used) throw new TypeError("A transaction reads before it writes.");
    return readMany(this.#firestore, collection, ids, async (refs) => {
      try {
        return await this.#inner.getAll(...refs);
      } catch (error) {
        this.failure ??= error as Error;
        throw error;
      }
    });
  }

  create(collection: AnyCollection, record: unknown): void {
    this.#writer.create(collection, record);
  }

  set(collection: AnyCollection, record: unknown): void {
    this.#writer.set(collection, record);
  }

  update(collection: AnyCollection, id: string, patch: Readonly<Record<string, unknown>>): void {
    this.#writer.update(collection, id, patch);
  }

  delete(collection: AnyCollection, id: string): void {
    this.#writer.delete(collection, id);
  }
}

/** What a batch and a transaction have in common. */
type WriteTarget = {
  create(ref: DocumentReference, fields: DocumentData): unknown;
  set(ref: DocumentReference, fields: DocumentData): unknown;
  update(ref: DocumentReference, fields: DocumentData): unknown;
  delete(ref: DocumentReference): unknown;
};

/** Checks and translates writes on their way into a batch or a transaction. */
class Writer {
  used = false;
  readonly #firestore: Firestore;
  readonly #target: WriteTarget;

  constructor(firestore: Firestore, target: WriteTarget) {
    this.#firestore = firestore;
    this.#target = target;
  }

  create(collection: AnyCollection, record: unknown): void {
    const { id, fields } = encodeRecord(collection, record);
    this.used = true;
    this.#target.create(this.#ref(collection, id), encode(collection, fields));
  }

  set(collection: AnyCollection, record: unknown): void {
    const { id, fields } = encodeRecord(collection, record);
    this.used = true;
    this.#target.set(this.#ref(collection, id), encode(collection, fields));
  }

  update(collection: AnyCollection, id: string, patch: Readonly<Record<string, unknown>>): void {
    const fields = encodePatch(collection, patch);
    const removed = Object.keys(fields).filter((field) => fields[field] === undefined);
    if (!isDocumentId(id)) throw new MissingDocumentError(`${collection.name}: no such document`);
    this.used = true;
    this.#target.update(this.#ref(collection, id), {
      ...encode(collection, fields),
      ...Object.fromEntries(removed.map((field) => [field, FieldValue.delete()])),
    });
  }

  delete(collection: AnyCollection, id: string): void {
    this.used = true;
    if (isDocumentId(id)) this.#target.delete(this.#ref(collection, id));
  }

  #ref(collection: AnyCollection, id: string): DocumentReference {
    return this.#firestore.collection(collection.name).doc(id);
  }
}

/** Carries what a body threw past the client's retry rules. */
class BodyError extends Error {
  override readonly name = "BodyError";

  constructor(options: { cause: unknown }) {
    super("The transaction body failed.", options);
  }
}

const operators = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** One call, or none when no id can be that of a document. */
async function readMany<T>(
  firestore: Firestore,
  collection: Collection<T>,
  ids: readonly string[],
  getAll: (refs: readonly DocumentReference[]) => Promise<DocumentSnapshot[]>,
): Promise<(T | undefined)[]> {
  const refs = [...new Set(ids)]
    .filter(isDocumentId)
    .map((id) => firestore.collection(collection.name).doc(id));
  const snapshots = refs.length > 0 ? await getAll(refs) : [];
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  return ids.map((id) => decode(collection, byId.get(id)));
}

function encode(collection: AnyCollection, fields: Record<string, unknown>): DocumentData {
  const stored = withoutUndefined(fields) as DocumentData;
  for (const [field, value] of Object.entries(stored)) {
    stored[field] = toStored(collection, field, value);
  }
  for (const field of searchedFields(collection)) {
    const text = stored[field];
    if (field in stored) stored[tokensField(field)] = substringTokens(String(text ?? ""));
  }
  return stored;
}

/** Drops undefined properties at every depth, as JSON does. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(present.map(([key, member]) => [key, withoutUndefined(member)]));
}

function decode<T>(
  collection: Collection<T>,
  snapshot: DocumentSnapshot | undefined,
): T | undefined {
  const fields = snapshot?.data();
  if (!snapshot || !fields) return undefined;
  const { ttlField } = collection;
  if (ttlField !== undefined && ttlField in fields) fields[ttlField] = fromStored(fields[ttlField]);
  for (const field of searchedFields(collection)) delete fields[tokensField(field)];
  return decodeRecord(collection, snapshot.id, fields);
}

/** TTL policies look at timestamps only; every other instant is a plain number. */
const toStored = (collection: AnyCollection, field: string, value: unknown): unknown =>
  field === collection.ttlField && typeof value === "number" ? Timestamp.fromMillis(value) : value;

const alternatives = (collection: AnyCollection, field: string, wanted: readonly Scalar[]) =>
  [...new Set(wanted)].map((value) => toStored(collection, field, value));

const fromStored = (value: unknown): unknown =>
  value instanceof Timestamp ? value.toMillis() : value;

const positionOf = ({ order, bound }: QueryShape, last: DocumentSnapshot): Cursor => {
  const storedAt = (field: string) => fromStored(last.get(field)) as Scalar;
  return {
    value: order ? storedAt(order[0]) : null,
    id: last.id,
    ...(bound === undefined ? {} : { bound: storedAt(bound) }),
  };
};

function startOf(collection: AnyCollection, shape: QueryShape, after: string): unknown[] {
  const { value, id, bound = null } = decodeCursor(after, shape.bound !== undefined);
  if (!shape.order) return [id];
  try {
    const position = toStored(collection, shape.order[0], value);
    return shape.bound === undefined
      ? [position, id]
      : [position, toStored(collection, shape.bound, bound), id];
  } catch (error) {
    throw new InvalidCursorError("The cursor is not one this list gave out.", { cause: error });
  }
}

async function answered<R>(call: Promise<R>): Promise<R> {
  try {
    return await call;
  } catch (error) {
    throw storeError(error);
  }
}

/** The port's error for a gRPC status; anything else stays what it was. */
function storeError(error: unknown): unknown {
  const cause = { cause: error };
  switch ((error as { code?: unknown } | undefined)?.code) {
    case GrpcStatus.ALREADY_EXISTS:
      return new AlreadyExistsError("The document exists.", cause);
    case GrpcStatus.NOT_FOUND:
      return new MissingDocumentError("No such document.", cause);
    case GrpcStatus.ABORTED:
    case GrpcStatus.CANCELLED:
    case GrpcStatus.DEADLINE_EXCEEDED:
    case GrpcStatus.INTERNAL:
    case GrpcStatus.RESOURCE_EXHAUSTED:
    case GrpcStatus.UNAVAILABLE:
    case GrpcStatus.UNKNOWN:
      return new StoreUnavailableError("Firestore did not answer.", cause);
    default:
      return error;
  }
}
