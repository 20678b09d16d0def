import * as z from "zod";
import {
  type AnyCollection,
  type AnyConditions,
  type Collection,
  InvalidCursorError,
  type PageAsk,
  type QueryShape,
  type Scalar,
} from "./document-store.ts";
import { MAX_SEARCHED_LENGTH } from "./substrings.ts";

/**
 * Declares a collection. Query fields are checked against the record at compile time; optional ones
 * are refused, because engines disagree on how an absent field compares. Use `nullable`.
 */
export function collection<
  S extends z.ZodRawShape,
  const Q extends Readonly<Record<string, QueryShapeOf<PresentField<S>>>>,
>(declared: {
  name: string;
  shape: S;
  idField: keyof S & string;
  ttlField?: keyof S & string;
  queries: Q;
}): Collection<z.output<z.ZodObject<S>>, Q> {
  return {
    name: declared.name,
    // The loose form keeps what a newer version added; the type stays the declared one.
    codec: z.looseObject(declared.shape) as unknown as z.ZodType<z.output<z.ZodObject<S>>>,
    idField: declared.idField as never,
    ttlField: declared.ttlField,
    queries: declared.queries,
  };
}

/** An object inside a record; it keeps what a newer version added, too. */
export const part = <S extends z.ZodRawShape>(shape: S): z.ZodObject<S> =>
  z.looseObject(shape) as unknown as z.ZodObject<S>;

type PresentField<S extends z.ZodRawShape> = {
  [F in keyof S & string]: undefined extends z.output<S[F]> ? never : F;
}[keyof S & string];

type QueryShapeOf<F extends string> = {
  readonly equal?: readonly F[];
  readonly contains?: F;
  readonly substring?: F;
  readonly order?: readonly [field: F, direction: "asc" | "desc"];
  readonly bound?: F;
};

/** The text fields that queries search for a part. */
export const searchedFields = (collection: AnyCollection): string[] => [
  ...new Set(Object.values(collection.queries).flatMap(({ substring }) => substring ?? [])),
];

function checkSearched(collection: AnyCollection, fields: Readonly<Record<string, unknown>>): void {
  for (const field of searchedFields(collection)) {
    const value = fields[field];
    if (typeof value === "string" && Array.from(value).length > MAX_SEARCHED_LENGTH) {
      throw new TypeError(`${collection.name}: ${field} is too long to be searched`);
    }
  }
}

/** What an engine stores for a record: its id and the checked fields without it. */
export function encodeRecord(
  collection: AnyCollection,
  record: unknown,
): { id: string; fields: Record<string, unknown> } {
  const checked = collection.codec.parse(record) as Record<string, unknown>;
  const { [collection.idField]: id, ...fields } = checked;
  if (!isDocumentId(id)) {
    throw new TypeError(`${collection.name}: ${collection.idField} is not a document id`);
  }
  checkSearched(collection, fields);
  return { id, fields };
}

/** What Firestore can file a document under: at most 1,500 bytes, no slash, no reserved form. */
export const isDocumentId = (id: unknown): id is string =>
  typeof id === "string" &&
  !/^$|^\.{1,2}$|^__.*__$|\//s.test(id) &&
  id.isWellFormed() &&
  Buffer.byteLength(id) <= 1500;

/** The checked fields of a patch; `undefined` removes an optional field. */
export function encodePatch(
  collection: AnyCollection,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { shape } = collection.codec as unknown as z.ZodObject;
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(patch)) {
    const codec = Object.hasOwn(shape, field) ? shape[field] : undefined;
    if (!codec || field === collection.idField) {
      throw new TypeError(`${collection.name}: ${field} is not a field a patch may replace`);
    }
    fields[field] = z.parse(codec, value);
  }
  if (Object.keys(fields).length === 0) throw new TypeError(`${collection.name}: an empty patch`);
  checkSearched(collection, fields);
  return fields;
}

/** The record of a stored document; throws when the document does not fit its codec. */
export function decodeRecord<T>(
  collection: Collection<T>,
  id: string,
  fields: Readonly<Record<string, unknown>>,
): T {
  return collection.codec.parse({ ...fields, [collection.idField]: id });
}

/** The declared shape, or an error when a caller got past the compiler. */
function declaredQuery(collection: AnyCollection, name: string): QueryShape {
  const shape = Object.hasOwn(collection.queries, name) ? collection.queries[name] : undefined;
  if (!shape) throw new TypeError(`${collection.name} declares no query "${name}"`);
  return shape;
}

/** More in one query is refused by Firestore; several lists multiply. */
const MAX_ALTERNATIVES = 30;

/** The declared shape; a `TypeError` when the conditions are not the ones it declares. */
export function checkedQuery(
  collection: AnyCollection,
  name: string,
  ask: AnyConditions & Partial<PageAsk>,
): QueryShape {
  const shape = declaredQuery(collection, name);
  const refuse = (what: string): never => {
    throw new TypeError(`${collection.name}.${name}: ${what}`);
  };
  const declared = new Set(shape.equal);
  const given = Object.entries(ask.equal ?? {});
  if (given.length !== declared.size || !given.every(([field]) => declared.has(field))) {
    refuse("other equal fields than declared");
  }
  let alternatives = 1;
  for (const [field, wanted] of given) {
    const values = Array.isArray(wanted) ? wanted : undefined;
    if (values) alternatives *= values.length;
    if (values ? !values.every(isComparable) : wanted !== null && !isComparable(wanted)) {
      refuse(`${field} cannot be compared`);
    }
  }
  if (alternatives > MAX_ALTERNATIVES) refuse(`more than ${MAX_ALTERNATIVES} alternatives`);
  if (shape.contains === undefined ? ask.contains !== undefined : !isComparable(ask.contains)) {
    refuse("contains");
  }
  if (!Object.values(ask.range ?? {}).every((bound) => shape.order && isComparable(bound))) {
    refuse("range");
  }
  if (
    !Object.values(ask.bound ?? {}).every((end) => shape.bound !== undefined && isComparable(end))
  ) {
    refuse("bound");
  }
  if ((shape.substring === undefined) !== (ask.substring === undefined)) refuse("substring");
  if (ask.skip !== undefined && !(isCount(ask.skip) && mayBeSkipped(shape, ask))) refuse("skip");
  if (ask.limit !== undefined && !(Number.isInteger(ask.limit) && ask.limit > 0)) refuse("limit");
  return shape;
}

/** What has an order; a cursor says already where the page begins. */
const mayBeSkipped = ({ substring, order }: QueryShape, { after }: Partial<PageAsk>): boolean =>
  after === undefined && (substring !== undefined || order !== undefined);

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;

const isComparable = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

/** An empty list matches nothing. */
export const matchesNothing = (ask: AnyConditions): boolean =>
  Object.values(ask.equal ?? {}).some((wanted) => Array.isArray(wanted) && wanted.length === 0);

/** Where a page ended: the value of the ordering field, the document id and, where one is declared, the bound. */
export type Cursor = { readonly value: Scalar; readonly id: string; readonly bound?: Scalar };

export const encodeCursor = (cursor: Cursor): string =>
  Buffer.from(
    JSON.stringify([
      cursor.value,
      cursor.id,
      ...(cursor.bound === undefined ? [] : [cursor.bound]),
    ]),
  ).toString("base64url");

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const cursorForm = z.union([
  z.tuple([scalar, z.string().refine(isDocumentId)]),
  z.tuple([scalar, z.string().refine(isDocumentId), scalar]),
]);

export function decodeCursor(text: string, bounded = false): Cursor {
  try {
    const [value, id, ...bound] = cursorForm.parse(
      JSON.parse(Buffer.from(text, "base64url").toString("utf8")),
    );
    if (bound.length !== Number(bounded)) throw new RangeError("of another query");
    return bounded ? { value, id, bound: bound[0] ?? null } : { value, id };
  } catch {
    throw new InvalidCursorError("The cursor is not one this list gave out.");
  }
}
