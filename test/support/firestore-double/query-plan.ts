import { type DocumentReader, lastSegment, type StoredDocument } from "./documents.ts";
import { NAME_FIELD } from "./field-paths.ts";
import { compileFilter, type FieldReader, type Filter, fieldReader } from "./filters.ts";
import { type ProtoCursor, type StructuredQuery, type Value, v1 } from "./proto.ts";
import { invalid, unimplemented } from "./status-error.ts";
import { compareValues, sameValue } from "./values.ts";

const Direction = v1.StructuredQuery.Direction;

export type IndexDirection = "ASCENDING" | "DESCENDING";

export type OrderTerm = { readonly path: string; readonly direction: IndexDirection };

export type QueryPlan = {
  readonly parent: string;
  readonly collectionId: string;
  readonly allDescendants: boolean;
  readonly filter: Filter;
  /** Explicit terms, then those the query implies; the document name is among them. */
  readonly order: readonly OrderTerm[];
  readonly limit: number;
  readonly offset: number;
  readonly select: readonly string[] | undefined;
  /** Meets the filter and has every field of the order; cursors and limit are not looked at. */
  accepts(document: StoredDocument): boolean;
  isWithinCursors(document: StoredDocument): boolean;
  compare(a: StoredDocument, b: StoredDocument): number;
};

function orderOf(query: StructuredQuery, filter: Filter): readonly OrderTerm[] {
  const order: OrderTerm[] = (query.orderBy ?? []).map((term) => ({
    path: term.field?.fieldPath ?? "",
    direction: term.direction === Direction.DESCENDING ? "DESCENDING" : "ASCENDING",
  }));
  const direction = order.at(-1)?.direction ?? "ASCENDING";
  const implied = [...filter.inequalityPaths].filter((path) => path !== NAME_FIELD).sort();
  for (const path of [...implied, NAME_FIELD])
    if (!order.some((term) => term.path === path)) order.push({ path, direction });
  return order;
}

type SortKey = { readonly read: FieldReader; readonly sign: 1 | -1 };

function compareToCursor(document: StoredDocument, keys: readonly SortKey[], values: Value[]) {
  for (const [i, bound] of values.entries()) {
    const key = keys[i];
    const value = key?.read(document);
    const result = key && value ? compareValues(value, bound) * key.sign : 0;
    if (result !== 0) return result;
  }
  return 0;
}

function cursorValues(cursor: ProtoCursor | null | undefined, keys: readonly SortKey[]): Value[] {
  const values = cursor?.values ?? [];
  if (values.length > keys.length) throw invalid("A cursor has more values than the query orders.");
  return values;
}

function cursorCheck(query: StructuredQuery, keys: readonly SortKey[]) {
  const { startAt, endAt } = query;
  const startValues = cursorValues(startAt, keys);
  const endValues = cursorValues(endAt, keys);
  return (document: StoredDocument) => {
    if (startAt) {
      const position = compareToCursor(document, keys, startValues);
      if (startAt.before ? position < 0 : position <= 0) return false;
    }
    if (endAt) {
      const position = compareToCursor(document, keys, endValues);
      if (endAt.before ? position >= 0 : position > 0) return false;
    }
    return true;
  };
}

function scopeOf(query: StructuredQuery) {
  const [from, ...others] = query.from ?? [];
  if (others.length > 0) throw invalid("A query reads one collection selector.");
  if (query.findNearest) throw unimplemented("vector search");
  return {
    collectionId: from?.collectionId ?? "",
    allDescendants: from?.allDescendants === true,
  };
}

export function planQuery(
  parent: string,
  structuredQuery: StructuredQuery | null | undefined,
): QueryPlan {
  const query = structuredQuery ?? {};
  const filter = compileFilter(query.where);
  const order = orderOf(query, filter);
  const keys = order.map<SortKey>(({ path, direction }) => ({
    read: fieldReader(path),
    sign: direction === "ASCENDING" ? 1 : -1,
  }));
  const limit = query.limit ? (query.limit.value ?? 0) : Number.POSITIVE_INFINITY;
  const offset = query.offset ?? 0;
  if (limit < 0 || offset < 0) throw invalid("Limit and offset must not be negative.");
  return {
    parent,
    ...scopeOf(query),
    filter,
    order,
    limit,
    offset,
    select: query.select?.fields?.map((field) => field.fieldPath ?? ""),
    accepts: (document) =>
      filter.matches(document) && keys.every(({ read }) => read(document) !== undefined),
    isWithinCursors: cursorCheck(query, keys),
    compare(a, b) {
      for (const { read, sign } of keys) {
        const left = read(a);
        const right = read(b);
        const result = left && right ? compareValues(left, right) * sign : 0;
        if (result !== 0) return result;
      }
      return 0;
    },
  };
}

function covers(plan: QueryPlan, collection: string): boolean {
  if (!plan.allDescendants) return collection === `${plan.parent}/${plan.collectionId}`;
  if (!collection.startsWith(`${plan.parent}/`)) return false;
  return plan.collectionId === "" || plan.collectionId === lastSegment(collection);
}

export function runPlan(plan: QueryPlan, documents: DocumentReader): readonly StoredDocument[] {
  const paths = plan.allDescendants
    ? [...documents.collectionPaths()].filter((path) => covers(plan, path))
    : [`${plan.parent}/${plan.collectionId}`];
  const found: StoredDocument[] = [];
  for (const path of paths)
    for (const document of documents.inCollection(path))
      if (plan.accepts(document) && plan.isWithinCursors(document)) found.push(document);
  return found.sort(plan.compare).slice(plan.offset, plan.offset + plan.limit);
}

/** Whether the document, in this state, belongs to the query's result set. */
export const selects = (plan: QueryPlan, document: StoredDocument | undefined): boolean =>
  document !== undefined && covers(plan, document.collection) && plan.accepts(document);

/** False only when no document can belong to both. */
export function mayOverlap(a: QueryPlan, b: QueryPlan): boolean {
  const sameScope = a.parent === b.parent && a.collectionId === b.collectionId;
  if (!a.allDescendants && !b.allDescendants && !sameScope) return false;
  if (a.collectionId && b.collectionId && a.collectionId !== b.collectionId) return false;
  return !a.filter.conditions.some(
    (x) =>
      x.operator === "==" &&
      b.filter.conditions.some(
        (y) => y.operator === "==" && y.path === x.path && !sameValue(x.operand, y.operand),
      ),
  );
}
