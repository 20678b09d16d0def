import type { StoredDocument } from "./documents.ts";
import { getField, NAME_FIELD, parseFieldPath } from "./field-paths.ts";
import { LIMITS } from "./limits.ts";
import { type ProtoFilter, type Value, v1 } from "./proto.ts";
import { invalid } from "./status-error.ts";
import { compareValues, elementsOf, isNaNValue, isNull, rankOf, sameValue } from "./values.ts";

const Op = v1.StructuredQuery.FieldFilter.Operator;
const UnaryOp = v1.StructuredQuery.UnaryFilter.Operator;
const CompositeOp = v1.StructuredQuery.CompositeFilter.Operator;

type Operator =
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "not-in"
  | "array-contains"
  | "array-contains-any";

const OPERATORS: ReadonlyMap<unknown, Operator> = new Map([
  [Op.EQUAL, "=="],
  [Op.NOT_EQUAL, "!="],
  [Op.LESS_THAN, "<"],
  [Op.LESS_THAN_OR_EQUAL, "<="],
  [Op.GREATER_THAN, ">"],
  [Op.GREATER_THAN_OR_EQUAL, ">="],
  [Op.IN, "in"],
  [Op.NOT_IN, "not-in"],
  [Op.ARRAY_CONTAINS, "array-contains"],
  [Op.ARRAY_CONTAINS_ANY, "array-contains-any"],
]);

const NULL: Value = { nullValue: "NULL_VALUE" };
const NAN: Value = { doubleValue: Number.NaN };

const UNARY: ReadonlyMap<unknown, readonly [Operator, Value]> = new Map([
  [UnaryOp.IS_NULL, ["==", NULL]],
  [UnaryOp.IS_NAN, ["==", NAN]],
  [UnaryOp.IS_NOT_NULL, ["!=", NULL]],
  [UnaryOp.IS_NOT_NAN, ["!=", NAN]],
] as const);

const INEQUALITIES: ReadonlySet<Operator> = new Set(["!=", "<", "<=", ">", ">=", "not-in"]);

type Condition = {
  readonly path: string;
  readonly operator: Operator;
  readonly operand: Value;
};

export type Filter = {
  matches(document: StoredDocument): boolean;
  /** Conditions every match meets. */
  readonly conditions: readonly Condition[];
  readonly inequalityPaths: ReadonlySet<string>;
  readonly hasOr: boolean;
  /** Terms of the disjunctive normal form. */
  readonly disjunctions: number;
  readonly arrayConditions: number;
};

export type FieldReader = (document: StoredDocument) => Value | undefined;

export function fieldReader(path: string): FieldReader {
  if (path === NAME_FIELD) return (document) => ({ referenceValue: document.name });
  const segments = parseFieldPath(path);
  return (document) => getField(document.fields, segments);
}

const inRange = (value: Value, operand: Value) =>
  rankOf(value) === rankOf(operand) && !isNaNValue(value) && !isNaNValue(operand);

function valueMatcher({ operator, operand }: Condition): (value: Value) => boolean {
  const list = elementsOf(operand);
  const isListed = (value: Value) => list.some((item) => sameValue(item, value));
  switch (operator) {
    case "==":
      return (value) => sameValue(value, operand);
    case "!=":
      return (value) => !isNull(value) && !sameValue(value, operand);
    case "<":
      return (value) => inRange(value, operand) && compareValues(value, operand) < 0;
    case "<=":
      return (value) => inRange(value, operand) && compareValues(value, operand) <= 0;
    case ">":
      return (value) => inRange(value, operand) && compareValues(value, operand) > 0;
    case ">=":
      return (value) => inRange(value, operand) && compareValues(value, operand) >= 0;
    case "in":
      return (value) => !isNull(value) && isListed(value);
    case "not-in":
      return (value) => !list.some(isNull) && !isNull(value) && !isListed(value);
    case "array-contains":
      return (value) => elementsOf(value).some((element) => sameValue(element, operand));
    case "array-contains-any":
      return (value) => elementsOf(value).some(isListed);
  }
}

function checkOperand({ operator, operand }: Condition): void {
  if (operator !== "in" && operator !== "not-in" && operator !== "array-contains-any") return;
  const count = elementsOf(operand).length;
  const most = operator === "not-in" ? LIMITS.notInValues : LIMITS.disjunctions;
  if (count === 0) throw invalid(`'${operator}' requires a non-empty array.`);
  if (count > most) throw invalid(`'${operator}' supports up to ${most} comparison values.`);
}

function conditionFilter(condition: Condition): Filter {
  const { path, operator, operand } = condition;
  checkOperand(condition);
  const read = fieldReader(path);
  const matchesValue = valueMatcher(condition);
  return {
    matches(document) {
      const value = read(document);
      return value !== undefined && matchesValue(value);
    },
    conditions: [condition],
    inequalityPaths: new Set(INEQUALITIES.has(operator) ? [path] : []),
    hasOr: false,
    disjunctions:
      operator === "in" || operator === "array-contains-any" ? elementsOf(operand).length : 1,
    arrayConditions: operator.startsWith("array-contains") ? 1 : 0,
  };
}

function conjunction(parts: readonly Filter[]): Filter {
  return {
    matches: (document) => parts.every((part) => part.matches(document)),
    conditions: parts.flatMap((part) => part.conditions),
    inequalityPaths: new Set(parts.flatMap((part) => [...part.inequalityPaths])),
    hasOr: parts.some((part) => part.hasOr),
    disjunctions: parts.reduce((product, part) => product * part.disjunctions, 1),
    arrayConditions: parts.reduce((sum, part) => sum + part.arrayConditions, 0),
  };
}

function disjunction(parts: readonly Filter[]): Filter {
  return {
    matches: (document) => parts.some((part) => part.matches(document)),
    conditions: [],
    inequalityPaths: new Set(parts.flatMap((part) => [...part.inequalityPaths])),
    hasOr: true,
    disjunctions: parts.reduce((sum, part) => sum + part.disjunctions, 0),
    arrayConditions: Math.max(0, ...parts.map((part) => part.arrayConditions)),
  };
}

function compile(filter: ProtoFilter): Filter {
  const { compositeFilter, fieldFilter, unaryFilter } = filter;
  if (compositeFilter) {
    const parts = (compositeFilter.filters ?? []).map(compile);
    const isOr = compositeFilter.op === CompositeOp.OR && parts.length > 1;
    return isOr ? disjunction(parts) : conjunction(parts);
  }
  if (fieldFilter) {
    const operator = OPERATORS.get(fieldFilter.op);
    if (!operator) throw invalid("A filter has no operator.");
    const path = fieldFilter.field?.fieldPath ?? "";
    return conditionFilter({ path, operator, operand: fieldFilter.value ?? NULL });
  }
  const unary = UNARY.get(unaryFilter?.op);
  if (!unary) throw invalid("A filter has no operator.");
  const [operator, operand] = unary;
  return conditionFilter({ path: unaryFilter?.field?.fieldPath ?? "", operator, operand });
}

export function compileFilter(filter: ProtoFilter | null | undefined): Filter {
  const compiled = filter ? compile(filter) : conjunction([]);
  if (compiled.disjunctions > LIMITS.disjunctions)
    throw invalid(`A query has at most ${LIMITS.disjunctions} disjunctions.`);
  if (compiled.arrayConditions > 1)
    throw invalid("A query has at most one array-contains or array-contains-any condition.");
  return compiled;
}
