import { type FieldTransform, type Micros, toTimestamp, type Value } from "./proto.ts";
import { unimplemented } from "./status-error.ts";
import {
  compareValues,
  elementsOf,
  integerOf,
  numberOf,
  RANK,
  rankOf,
  sameValue,
} from "./values.ts";

const MAX_INTEGER = 2n ** 63n - 1n;
const MIN_INTEGER = -(2n ** 63n);

const isNumber = (value: Value | undefined): value is Value =>
  value !== undefined && rankOf(value) === RANK.number;

export function add(a: Value, b: Value): Value {
  if (a.integerValue == null || b.integerValue == null)
    return { doubleValue: Number(numberOf(a)) + Number(numberOf(b)) };
  const sum = integerOf(a) + integerOf(b);
  const clamped = sum > MAX_INTEGER ? MAX_INTEGER : sum < MIN_INTEGER ? MIN_INTEGER : sum;
  return { integerValue: clamped.toString() };
}

function withMissing(values: readonly Value[], additions: readonly Value[]): Value[] {
  const all = [...values];
  for (const next of additions) if (!all.some((value) => sameValue(value, next))) all.push(next);
  return all;
}

type Transformed = {
  readonly value: Value;
  /** What the client is told. */
  readonly result: Value;
};

const NULL: Value = { nullValue: "NULL_VALUE" };
const told = (value: Value): Transformed => ({ value, result: value });
const untold = (values: Value[]): Transformed => ({
  value: { arrayValue: { values } },
  result: NULL,
});

export function transformField(
  transform: FieldTransform,
  current: Value | undefined,
  now: Micros,
): Transformed {
  const { increment, maximum, minimum, appendMissingElements, removeAllFromArray } = transform;
  if (transform.setToServerValue) return told({ timestampValue: toTimestamp(now) });
  if (increment) return told(isNumber(current) ? add(current, increment) : increment);
  if (maximum)
    return told(isNumber(current) && compareValues(current, maximum) >= 0 ? current : maximum);
  if (minimum)
    return told(isNumber(current) && compareValues(current, minimum) <= 0 ? current : minimum);
  const elements = current ? elementsOf(current) : [];
  if (appendMissingElements)
    return untold(withMissing(elements, appendMissingElements.values ?? []));
  if (removeAllFromArray) {
    const removed = removeAllFromArray.values ?? [];
    return untold(elements.filter((value) => !removed.some((other) => sameValue(other, value))));
  }
  throw unimplemented("this field transform");
}
