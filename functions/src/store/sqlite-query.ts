import type { SQLInputValue } from "node:sqlite";
import { checkedQuery, decodeCursor } from "./collection.ts";
import type {
  AnyCollection,
  AnyConditions,
  PageAsk,
  QueryShape,
  Scalar,
} from "./document-store.ts";
import { BELOW_ALL, containsTable, fieldExpression, quote, searchTable } from "./sqlite-schema.ts";

/** The FROM and WHERE of a declared query; the document is `d`. */
export function conditionsOf(collection: AnyCollection, name: string, ask: AnyConditions) {
  const shape = checkedQuery(collection, name, ask);
  if (shape.substring !== undefined) return { shape, ...searched(collection, shape, ask) };
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

/** The same where the fields of a substring query are filed, nulls as what is below all. */
function searched(collection: AnyCollection, shape: QueryShape, ask: AnyConditions) {
  const where: string[] = [];
  const parameters: SQLInputValue[] = [];
  const bindFiled = (value: Scalar) => (value === null ? Number.NEGATIVE_INFINITY : bind(value));
  for (const field of shape.equal ?? []) {
    const wanted = ask.equal?.[field] ?? null;
    const values = isList(wanted) ? wanted : [wanted as Scalar];
    where.push(`s.${quote(field)} IN (${values.map(() => "?").join(", ")})`);
    parameters.push(...values.map(bindFiled));
  }
  const [order] = shape.order ?? [];
  for (const [field, range] of [
    [order, ask.range],
    [shape.bound, ask.bound],
  ] as const) {
    for (const [operator, value] of Object.entries(range ?? {})) {
      if (value === undefined || field === undefined) continue;
      const column = `s.${quote(field)}`;
      where.push(`${column} ${operators[operator as keyof typeof operators]} ?`);
      where.push(`${column} > ${BELOW_ALL}`);
      parameters.push(bind(value));
    }
  }
  if (ask.substring) {
    where.push(`instr(s.${quote(shape.substring ?? "")}, ?) > 0`);
    parameters.push(ask.substring);
  }
  return {
    from: `${quote(searchTable(collection, shape))} AS s`,
    where,
    parameters,
    key: undefined,
  };
}

/** A page of a substring query: documents are looked up for what is on it, not for what comes before. */
function searchStatement(
  collection: AnyCollection,
  { shape, from, where, parameters }: ReturnType<typeof conditionsOf>,
  { after, skip = 0 }: PageAsk,
) {
  const direction = shape.order?.[1] === "desc" ? "DESC" : "ASC";
  const fields = [shape.order?.[0], shape.bound].filter((field) => field !== undefined);
  const columns = [...fields.map((field) => `s.${quote(field)}`), "s.id"];
  const ordering = columns.map((column) => `${column} ${direction}`).join(", ");
  const limits: string[] = [];
  const bound: SQLInputValue[] = [];
  if (after !== undefined) {
    const cursor = decodeCursor(after, shape.bound !== undefined);
    const at = [shape.order && cursor.value, shape.bound && (cursor.bound ?? null)];
    limits.push(
      `(${columns.join(", ")}) ${direction === "DESC" ? "<" : ">"} (${columns.map(() => "?").join(", ")})`,
    );
    for (const value of at) {
      if (value !== undefined) bound.push(value === null ? Number.NEGATIVE_INFINITY : bind(value));
    }
    bound.push(cursor.id);
  }
  const shown = fields.map(
    (_, n) => `nullif(s.k${n}, ${BELOW_ALL}) AS ${n ? "bound" : "position"}`,
  );
  const keys = columns.map((column, n) => `${column} AS k${n}`).join(", ");
  return {
    sql: `SELECT d.id, d.json, ${shown.length > 0 ? shown.join(", ") : "NULL AS position"} FROM (
        SELECT ${keys} FROM ${from}${clause([...where, ...limits])}
        ORDER BY ${ordering} LIMIT ? OFFSET ${skip}
      ) AS s CROSS JOIN ${quote(collection.name)} AS d ON d.id = s.k${fields.length}
      ORDER BY ${columns.map((_, n) => `s.k${n} ${direction}`).join(", ")}`,
    parameters: [...parameters, ...bound],
  };
}

/** A page as statements to run one after the other until it is full. */
export function pageStatements(
  collection: AnyCollection,
  name: string,
  ask: AnyConditions & PageAsk,
): { sql: string; parameters: SQLInputValue[] }[] {
  const conditions = conditionsOf(collection, name, ask);
  const { shape, from, where, parameters, key } = conditions;
  if (shape.substring !== undefined) return [searchStatement(collection, conditions, ask)];
  const { skip = 0 } = ask;
  const filed = shape.contains !== undefined;
  const direction = shape.order?.[1] === "desc" ? "DESC" : "ASC";
  const id = filed ? "c.id" : "d.id";
  const position = filed ? `nullif(${key}, ${BELOW_ALL})` : (key ?? "NULL");
  const ordering = [key, id].flatMap((column) => (column ? [`${column} ${direction}`] : []));
  if (filed && skip > 0 && !shape.equal) {
    // Documents are looked up for what is on the page, not for what comes before.
    const rows = `SELECT c.position, c.id FROM ${quote(containsTable(collection, shape))} AS c
      ${clause(where)} ORDER BY ${ordering} LIMIT ? OFFSET ${skip}`;
    const sql = `SELECT d.id, d.json, ${position} AS position FROM (${rows}) AS c
      CROSS JOIN ${quote(collection.name)} AS d ON d.id = c.id ORDER BY ${ordering}`;
    return [{ sql, parameters }];
  }
  const stretches = filed
    ? filedAfter(shape.order !== undefined, direction, ask.after)
    : stretchesAfter(key, direction, ask.after);
  return stretches.map((stretch) => ({
    sql: `SELECT d.id, d.json, ${position} AS position FROM ${from}${clause([...where, ...stretch.where])}
      ORDER BY ${ordering} LIMIT ? OFFSET ${skip}`,
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
