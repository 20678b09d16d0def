import type * as z from "zod";

/** What a query may compare: no maps, no arrays. */
export type Scalar = string | number | boolean | null;

/** What lists, ranges and `contains` compare with: no engine matches null there. */
export type Comparable = NonNullable<Scalar>;

/** A query a collection allows. Its composite index follows from it. */
export type QueryShape = {
  /** Fields compared for equality, or with `in` when the caller passes a list (at most 30 values, over all lists multiplied). */
  readonly equal?: readonly string[];
  /** An array field searched with `array-contains`. */
  readonly contains?: string;
  /**
   * A text field, of at most 100 characters, searched for a part of it; the empty part is in every text.
   * Case matters. Not beside `contains`.
   */
  readonly substring?: string;
  /** The field that orders the result and may carry the range; ties follow the document id. */
  readonly order?: readonly [field: string, direction: "asc" | "desc"];
  /** Beside `substring` and `order`: a second field that may carry a range. It orders ties, before the document id. */
  readonly bound?: string;
};

type QueryShapes = Readonly<Record<string, QueryShape>>;

/** One kind of document: its name, codec, identity and the queries it allows. */
export type Collection<T = unknown, Q extends QueryShapes = QueryShapes> = {
  readonly name: string;
  /** Checked on read and on write. Unknown fields survive, so an older version rewrites a newer document whole. */
  readonly codec: z.ZodType<T>;
  /** The field that is the document id; it is not stored a second time. */
  readonly idField: keyof T & string;
  /** A field in epoch milliseconds after which the engine may delete the document. */
  readonly ttlField: string | undefined;
  readonly queries: Q;
};

// biome-ignore lint/suspicious/noExplicitAny: where collections of every record meet
export type AnyCollection = Collection<any, QueryShapes>;

type EqualOf<S extends QueryShape> = S["equal"] extends readonly (infer F extends string)[]
  ? { readonly equal: { readonly [K in F]: Scalar | readonly Comparable[] } }
  : { readonly equal?: never };

type ContainsOf<S extends QueryShape> = S["contains"] extends string
  ? { readonly contains: Comparable }
  : { readonly contains?: never };

type SubstringOf<S extends QueryShape> = S["substring"] extends string
  ? { readonly substring: string }
  : { readonly substring?: never };

type BoundOf<S extends QueryShape> = S["bound"] extends string
  ? { readonly bound?: Range | undefined }
  : { readonly bound?: never };

export type Range = {
  readonly gt?: Comparable;
  readonly gte?: Comparable;
  readonly lt?: Comparable;
  readonly lte?: Comparable;
};

type RangeOf<S extends QueryShape> = S["order"] extends readonly [string, string]
  ? { readonly range?: Range }
  : { readonly range?: never };

/** The conditions of one run of a declared query. */
export type Conditions<S extends QueryShape> = EqualOf<S> &
  ContainsOf<S> &
  SubstringOf<S> &
  RangeOf<S> &
  BoundOf<S>;

/** The same, stripped of its types, for engines. */
export type AnyConditions = {
  readonly equal?: Readonly<Record<string, Scalar | readonly Comparable[]>>;
  readonly contains?: Comparable;
  readonly substring?: string;
  readonly range?: Range;
  readonly bound?: Range | undefined;
};

export type PageAsk = {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  /** Leaves so many out before the first, of a query with an order or a `substring`; not beside `after`. Firestore reads what it leaves out. */
  readonly skip?: number | undefined;
};

export type Page<T> = {
  readonly items: readonly T[];
  /** Present when the page was full; the page after it may be empty. */
  readonly next: string | undefined;
  /** Documents the engine read to leave them out. */
  readonly skipped?: number;
};

export type Write =
  /** Fails with `AlreadyExistsError` when the document is there. */
  | { readonly kind: "create"; readonly collection: AnyCollection; readonly record: unknown }
  | { readonly kind: "set"; readonly collection: AnyCollection; readonly record: unknown }
  /** Replaces the named top-level fields; fails with `MissingDocumentError` when the document is gone. */
  | {
      readonly kind: "update";
      readonly collection: AnyCollection;
      readonly id: string;
      readonly patch: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "delete"; readonly collection: AnyCollection; readonly id: string };

export interface Reader {
  get<T, Q extends QueryShapes>(collection: Collection<T, Q>, id: string): Promise<T | undefined>;
  getMany<T, Q extends QueryShapes>(
    collection: Collection<T, Q>,
    ids: readonly string[],
  ): Promise<(T | undefined)[]>;
}

/** Buffers its writes until the body returns. Every read comes before the first write. */
export interface Transaction extends Reader {
  create<T, Q extends QueryShapes>(collection: Collection<T, Q>, record: NoInfer<T>): void;
  set<T, Q extends QueryShapes>(collection: Collection<T, Q>, record: NoInfer<T>): void;
  update<T, Q extends QueryShapes>(
    collection: Collection<T, Q>,
    id: string,
    patch: Partial<T>,
  ): void;
  delete<T, Q extends QueryShapes>(collection: Collection<T, Q>, id: string): void;
}

export type TransactionBody<R> = (tx: Transaction) => Promise<R>;

/** Documents in collections: reads by id, declared queries, atomic commits and serializable transactions. */
export interface DocumentStore extends Reader {
  query<T, Q extends QueryShapes, N extends keyof Q & string>(
    collection: Collection<T, Q>,
    name: N,
    ask: Conditions<Q[N]> & PageAsk,
  ): Promise<Page<T>>;
  /** How many documents the query matches, without reading them. */
  count<T, Q extends QueryShapes, N extends keyof Q & string>(
    collection: Collection<T, Q>,
    name: N,
    ask: Conditions<Q[N]>,
  ): Promise<number>;
  /** All writes or none, durable when it resolves. */
  commit(writes: readonly Write[]): Promise<void>;
  /**
   * Serializable. The body may run more than once and awaits nothing but `tx`; whatever it throws
   * undoes it. Fails with `StoreUnavailableError` when conflicts do not end.
   */
  transaction<R>(body: TransactionBody<R>): Promise<R>;
  close(): Promise<void>;
}

export class AlreadyExistsError extends Error {
  override readonly name = "AlreadyExistsError";
}

export class MissingDocumentError extends Error {
  override readonly name = "MissingDocumentError";
}

/** The cursor was not made by this query. */
export class InvalidCursorError extends Error {
  override readonly name = "InvalidCursorError";
}

/** The store did not answer or conflicts did not end; a commit whose answer was lost may stand. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}
