import type { StoredDocument } from "./documents.ts";
import { fieldReader } from "./filters.ts";
import type { Aggregation, Value } from "./proto.ts";
import { add } from "./transforms.ts";
import { numberOf, RANK, rankOf } from "./values.ts";

export const aggregatedPath = ({ sum, avg }: Aggregation): string | undefined =>
  (sum ?? avg)?.field?.fieldPath ?? undefined;

const ZERO: Value = { integerValue: "0" };

function aggregate(aggregation: Aggregation, documents: readonly StoredDocument[]): Value {
  const path = aggregatedPath(aggregation);
  if (path === undefined) {
    const most = Number(aggregation.count?.upTo?.value ?? 0) || Number.POSITIVE_INFINITY;
    return { integerValue: Math.min(documents.length, most) };
  }
  const numbers = documents
    .map(fieldReader(path))
    .filter((value) => value !== undefined && rankOf(value) === RANK.number)
    .filter((value) => value !== undefined);
  if (aggregation.sum) return numbers.reduce(add, ZERO);
  if (numbers.length === 0) return { nullValue: "NULL_VALUE" };
  const total = numbers.reduce((sum, value) => sum + Number(numberOf(value)), 0);
  return { doubleValue: total / numbers.length };
}

/** Like the index it reads, an aggregation sees only documents with every aggregated field. */
export function aggregateAll(
  aggregations: readonly Aggregation[],
  documents: readonly StoredDocument[],
): Record<string, Value> {
  const readers = aggregations.flatMap((one) => aggregatedPath(one) ?? []).map(fieldReader);
  const counted = documents.filter((document) =>
    readers.every((read) => read(document) !== undefined),
  );
  return Object.fromEntries(
    aggregations.map((one, i) => [one.alias || `field_${i + 1}`, aggregate(one, counted)]),
  );
}
