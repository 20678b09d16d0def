import type { SQLInputValue } from "node:sqlite";
import { checkedQuery, decodeCursor } from "./collection.ts";
import type { AnyCollection, AnyConditions, Scalar } from "./document-store.ts";
import { containsTable, fieldExpression, quote } from "./sqlite-schema.ts";

/** The FROM and WHERE of a declared query; the document is `d`. */
export function conditionsOf(collection: AnyCollection, name: string, ask: AnyConditions) {
  const shape = checkedQuery(collection, name, ask);
  const where: string[] = [];
  const parameters: SQLInputValue[] = [];
  let from = `${quote(collection.name)} AS d`;
  if (shape.contains !== undefined) {
    from = `${quote(containsTable(collection, shape.contains))} AS c
      JOIN ${quote(collection.name)} AS d ON d.id = c.id`;
    where.push("c.element = ?");
    parameters.push(bind(ask.contains ?? null));
  }
  for (const field of shape.equal ?? []) {
    const wanted = ask.equal?.[field];
    const expression = fieldExpression(field);
    if (isList(wanted)) {
      where.push(`${expression} IN (${wanted.map(() => "?").join(", ")})`);
      parameters.push(...wanted.map(bind));
    } else {
      where.push(`${expression} IS ?`);
      parameters.push(bind(wanted ?? null));
    }
  }
  if (shape.order) {
    const expression = fieldExpression(shape.order[0]);
    for (const [operator, value] of Object.entries(ask.range ?? {})) {
      if (value === undefined) continue;
      where.push(`${expression} ${operators[operator as keyof typeof operators]} ?`);
      parameters.push(bind(value));
    }
  }
  return { from, where, parameters, order: shape.order };
}

type Stretch = { readonly where: readonly string[]; readonly parameters: readonly SQLInputValue[] };

/**
 * What comes after a cursor, as conditions that SQLite each answers from the index: nulls are a
 * stretch of their own, first when ascending and last when descending.
 */
export function stretchesAfter(
  key: string | undefined,
  direction: "ASC" | "DESC",
  after: string | undefined,
): Stretch[] {
  if (after === undefined) return [{ where: [], parameters: [] }];
  const { value, id } = decodeCursor(after);
  const past = direction === "DESC" ? "<" : ">";
  if (key === undefined) return [{ where: [`d.id ${past} ?`], parameters: [id] }];
  const nulls = { where: [`${key} IS NULL`], parameters: [] };
  if (value === null) {
    const rest = { where: [...nulls.where, `d.id ${past} ?`], parameters: [id] };
    const others = { where: [`${key} IS NOT NULL`], parameters: [] };
    return direction === "DESC" ? [rest] : [rest, others];
  }
  const at = bind(value);
  const rest = {
    where: [`${key} ${past}= ?`, `(${key} ${past} ? OR d.id ${past} ?)`],
    parameters: [at, at, id],
  };
  return direction === "DESC" ? [rest, nulls] : [rest];
}

/** Conditions as a WHERE clause. */
export const clause = (where: readonly string[]) =>
  where.length > 0 ? ` WHERE ${where.join(" AND ")}` : "";

const isList = (value: unknown): value is readonly Scalar[] => Array.isArray(value);

const bind = (value: Scalar): SQLInputValue => (typeof value === "boolean" ? Number(value) : value);

const operators = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;
