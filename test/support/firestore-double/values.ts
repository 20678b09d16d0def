import type { Value } from "./proto.ts";
import { invalid } from "./status-error.ts";

/** Values of different types sort by these ranks. */
export const RANK = {
  null: 0,
  boolean: 1,
  number: 2,
  timestamp: 3,
  string: 4,
  bytes: 5,
  reference: 6,
  geoPoint: 7,
  array: 8,
  map: 10,
} as const;

const RANK_BY_KIND = [
  ["stringValue", RANK.string],
  ["integerValue", RANK.number],
  ["doubleValue", RANK.number],
  ["booleanValue", RANK.boolean],
  ["nullValue", RANK.null],
  ["timestampValue", RANK.timestamp],
  ["mapValue", RANK.map],
  ["arrayValue", RANK.array],
  ["referenceValue", RANK.reference],
  ["bytesValue", RANK.bytes],
  ["geoPointValue", RANK.geoPoint],
] as const;

type Rank = (typeof RANK)[keyof typeof RANK];

export function rankOf(value: Value): Rank {
  for (const [kind, rank] of RANK_BY_KIND) if (value[kind] != null) return rank;
  throw invalid("A value has no type, or one that this double does not know.");
}

export const isNull = (value: Value) => rankOf(value) === RANK.null;
export const isNaNValue = (value: Value) => Number.isNaN(value.doubleValue);
export const elementsOf = (value: Value): readonly Value[] => value.arrayValue?.values ?? [];
export const integerOf = (value: Value): bigint => BigInt(String(value.integerValue));
export const numberOf = (value: Value): number | bigint =>
  value.integerValue == null ? (value.doubleValue ?? 0) : integerOf(value);

export function bytesOf(value: Value): Uint8Array {
  const bytes = value.bytesValue ?? "";
  return typeof bytes === "string" ? Buffer.from(bytes, "base64") : bytes;
}

const order = <T extends number | bigint | boolean>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);

function compareNumbers(a: number | bigint, b: number | bigint): number {
  const leftNaN = Number.isNaN(a);
  const rightNaN = Number.isNaN(b);
  return leftNaN || rightNaN ? Number(rightNaN) - Number(leftNaN) : order(a, b);
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;

/** UTF-8 byte order, which UTF-16 units follow except for surrogates. */
export function compareStrings(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    if (isSurrogate(left) === isSurrogate(right)) return left - right;
    return isSurrogate(left) ? 1 : -1;
  }
  return a.length - b.length;
}

function compareLists<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number) {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined) return 1;
    const result = compare(left, right);
    if (result !== 0) return result;
  }
  return a.length - b.length;
}

const comparePaths = (a: string, b: string) =>
  compareLists(a.split("/"), b.split("/"), compareStrings);

const sortedEntries = (value: Value) =>
  Object.entries(value.mapValue?.fields ?? {}).sort(([a], [b]) => compareStrings(a, b));

export function compareValues(a: Value, b: Value): number {
  const rank = rankOf(a);
  const otherRank = rankOf(b);
  if (rank !== otherRank) return rank - otherRank;
  switch (rank) {
    case RANK.null:
      return 0;
    case RANK.boolean:
      return order(a.booleanValue === true, b.booleanValue === true);
    case RANK.number:
      return compareNumbers(numberOf(a), numberOf(b));
    case RANK.timestamp:
      return (
        order(Number(a.timestampValue?.seconds ?? 0), Number(b.timestampValue?.seconds ?? 0)) ||
        order(a.timestampValue?.nanos ?? 0, b.timestampValue?.nanos ?? 0)
      );
    case RANK.string:
      return compareStrings(a.stringValue ?? "", b.stringValue ?? "");
    case RANK.bytes:
      return Buffer.compare(bytesOf(a), bytesOf(b));
    case RANK.reference:
      return comparePaths(a.referenceValue ?? "", b.referenceValue ?? "");
    case RANK.geoPoint:
      return (
        order(a.geoPointValue?.latitude ?? 0, b.geoPointValue?.latitude ?? 0) ||
        order(a.geoPointValue?.longitude ?? 0, b.geoPointValue?.longitude ?? 0)
      );
    case RANK.array:
      return compareLists(elementsOf(a), elementsOf(b), compareValues);
    case RANK.map:
      return compareLists(
        sortedEntries(a),
        sortedEntries(b),
        ([nameA, x], [nameB, y]) => compareStrings(nameA, nameB) || compareValues(x, y),
      );
  }
}

export const sameValue = (a: Value, b: Value) => compareValues(a, b) === 0;
