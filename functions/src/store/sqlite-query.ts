import type { SQLInputValue } from "node:sqlite";
import { checkedQuery, decodeCursor } from "./collection.ts";
import type { AnyCollection, AnyConditions, PageAsk, Scalar } from "./document-store.ts";
import { BELOW_ALL, containsTable, fieldExpression, quote } from "./sqlite-schema.ts";

/** The FROM and WHERE of a declared query; the document is `d`. */
export function conditionsOf(collection: AnyCollection, name: string, ask: AnyConditions) {
  const shape = checkedQuery(collection, name, ask);
  const filed = shape.contains !== undefined;
  const where: string[] = [];
  const parameters: SQLInputValue[] = [];
  let from = `${quote(collection.name)} AS d`;
  if (filed) {
    // CROSS keeps the planner from turning the join around, and with it the order.
    from = `${quote(containsTable(collection, shape))} AS c CROSS JOIN ${from} ON d.id = c.id`;
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
  const field = shape.order && fieldExpression(shape.order[0]);
  const key = filed ? "c.position" : field;
  for (const [operator, value] of Object.entries(ask.range ?? {})) {
    if (value === undefined || key === undefined) continue;
    where.push(`${key} ${operators[operator as keyof typeof operators]} ?`);
    parameters.push(bind(value));
    if (filed) where.push(`${key} > ${BELOW_ALL}`);
  }
  return { shape, from, where, parameters, key };
}

/** A page as statements to run one after the other until it is full. */
export function pageStatements(
  collection: AnyCollection,
  name: string,
  ask: AnyConditions & PageAsk,
): { sql: string; parameters: SQLInputValue[] }[] {
  const { shape, from, where, parameters, key } = conditionsOf(collection, name, ask);
  const filed = shape.contains !== undefined;
  const direction = shape.order?.[1] === "desc" ? "DESC" : "ASC";
  const id = filed ? "c.id" : "d.id";
  const position = filed ? `nullif(${key}, ${BELOW_ALL})` : (key ?? "NULL");
  const ordering = [key, id].flatMap((column) => (column ? [`${column} ${direction}`] : []));
  const stretches = filed
    ? filedAfter(shape.order !== undefined, direction, ask.after)
    : stretchesAfter(key, direction, ask.after);
  return stretches.map((stretch) => ({
    sql: `SELECT d.id, d.json, ${position} AS position FROM ${from}${clause([...where, ...stretch.where])}
      ORDER BY ${ordering} LIMIT ?`,
    parameters: [...parameters, ...stretch.parameters],
  }));
}

type Direction = "ASC" | "DESC";

type Stretch = { readonly where: readonly string[]; readonly parameters: readonly SQLInputValue[] };

/**
 * What comes after a cursor, as conditions that SQLite each answers from the index: nulls are a
 * stretch of their own, first when ascending and last when descending.
 */
function stretchesAfter(
  key: string | undefined,
  direction: Direction,
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

/** The same where elements are filed: nulls have a value there. */
function filedAfter(ordered: boolean, direction: Direction, after: string | undefined): Stretch[] {
  if (after === undefined) return [{ where: [], parameters: [] }];
  const { value, id } = decodeCursor(after);
  const past = direction === "DESC" ? "<" : ">";
  const at = ordered && value !== null ? bind(value) : Number.NEGATIVE_INFINITY;
  return [{ where: [`(c.position, c.id) ${past} (?, ?)`], parameters: [at, id] }];
}

/** Conditions as a WHERE clause. */
export const clause = (where: readonly string[]) =>
  where.length > 0 ? ` WHERE ${where.join(" AND ")}` : "";

const isList = (value: unknown): value is readonly Scalar[] => Array.isArray(value);

const bind = (value: Scalar): SQLInputValue => (typeof value === "boolean" ? Number(value) : value);

const operators = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;
