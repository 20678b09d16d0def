import type { AnyCollection, QueryShape } from "./document-store.ts";
import { tokensField } from "./substrings.ts";

type Mode = { readonly order: "ASCENDING" | "DESCENDING" } | { readonly arrayConfig: "CONTAINS" };

type IndexField = { readonly fieldPath: string } & Mode;

export type CompositeIndex = {
  readonly collectionGroup: string;
  readonly queryScope: "COLLECTION";
  readonly fields: readonly IndexField[];
};

export type FieldOverride = {
  readonly collectionGroup: string;
  readonly fieldPath: string;
  readonly ttl?: true;
  readonly indexes: readonly ({ readonly queryScope: "COLLECTION" } & Mode)[];
};

/** What `firestore.indexes.json` holds. */
export type FirestoreIndexes = {
  readonly indexes: readonly CompositeIndex[];
  readonly fieldOverrides: readonly FieldOverride[];
};

/**
 * The indexes the declared queries need and no others: automatic ones cost a write per field and
 * make instants that only grow a hot spot.
 */
export function firestoreIndexes(collections: readonly AnyCollection[]): FirestoreIndexes {
  const byName = [...collections].sort((a, b) => compare(a.name, b.name));
  return {
    indexes: byName.flatMap(compositesOf),
    fieldOverrides: byName.flatMap(overridesOf),
  };
}

function compositesOf({ name, queries }: AnyCollection): CompositeIndex[] {
  const composites = Object.values(queries)
    .map(fieldsOf)
    .filter((fields) => fields.length > 1)
    .map((fields) => ({ collectionGroup: name, queryScope: "COLLECTION" as const, fields }));
  return distinct(composites);
}

function overridesOf({ name, queries, ttlField }: AnyCollection): FieldOverride[] {
  const single = Object.values(queries)
    .map(fieldsOf)
    .flatMap((fields) => (fields.length === 1 ? fields : []));
  const paths = new Set(single.map(({ fieldPath }) => fieldPath));
  if (ttlField !== undefined) paths.add(ttlField);
  const overrides = [...paths].sort(compare).map((path) => ({
    collectionGroup: name,
    fieldPath: path,
    ...(path === ttlField ? { ttl: true as const } : {}),
    indexes: distinct(
      single
        .filter(({ fieldPath }) => fieldPath === path)
        .map(({ fieldPath: _, ...mode }) => ({ queryScope: "COLLECTION" as const, ...mode })),
    ),
  }));
  return [{ collectionGroup: name, fieldPath: "*", indexes: [] }, ...overrides];
}

/** The array field comes first: an index that ends on one is created again at every deployment. */
function fieldsOf({ contains, substring, equal = [], order, bound }: QueryShape): IndexField[] {
  const fields: IndexField[] = [];
  if (substring !== undefined) {
    fields.push({ fieldPath: tokensField(substring), arrayConfig: "CONTAINS" });
  }
  if (contains !== undefined) fields.push({ fieldPath: contains, arrayConfig: "CONTAINS" });
  for (const fieldPath of equal) fields.push({ fieldPath, order: "ASCENDING" });
  if (order) {
    const [field, direction] = order;
    for (const fieldPath of bound === undefined ? [field] : [field, bound]) {
      fields.push({ fieldPath, order: direction === "asc" ? "ASCENDING" : "DESCENDING" });
    }
  }
  return fields;
}

/** One of each, in an order that does not depend on how they were declared. */
function distinct<V>(values: readonly V[]): V[] {
  const byText = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...byText].sort(([a], [b]) => compare(a, b)).map(([, value]) => value);
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
