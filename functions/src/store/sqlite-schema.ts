import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { AnyCollection, QueryShape } from "./document-store.ts";

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The value of a top-level field of the document aliased `d`. */
export const fieldExpression = (field: string, alias = "d."): string =>
  `json_extract(${alias}json, '$.${field}')`;

/** Stands for null where elements are filed: below every number, and numbers are below text. */
export const BELOW_ALL = "-9e999";

/** Where the elements of an array field are filed in a query's order, one row each. */
export const containsTable = (collection: AnyCollection, shape: QueryShape): string =>
  `${collection.name}.${shape.contains}.${shape.order?.[0] ?? ""}`;

/**
 * Makes what the declared collections need and drops indexes no query uses any more. Safe while
 * other processes have the file open.
 */
export function createSchema(database: DatabaseSync, collections: readonly AnyCollection[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const wanted = new Map<string, string>();
    for (const collection of collections) {
      const table = quote(collection.name);
      database.exec(
        `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID`,
      );
      for (const shape of Object.values(collection.queries)) {
        if (searching(shape)) {
          createSearchTable(database, collection, shape);
          continue;
        }
        if (containing(shape)) {
          createContainsTable(database, collection, shape);
          continue;
        }
        const columns = indexColumns(shape);
        if (columns.length > 0) wanted.set(indexName(collection, columns), `${table} (${columns})`);
      }
    }
    const existing = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'query.%'")
      .all() as { name: string }[];
    for (const { name } of existing) {
      if (!wanted.has(name)) database.exec(`DROP INDEX ${quote(name)}`);
    }
    for (const [name, on] of wanted) {
      database.exec(`CREATE INDEX IF NOT EXISTS ${quote(name)} ON ${on}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** Where what a substring query looks at is filed in its order, one narrow row a document. */
export const searchTable = (collection: AnyCollection, shape: QueryShape): string =>
  [collection.name, ...searchColumns(shape), leadingColumns(shape).length].join(".");

/** The first field for equality, the order and the bound: a table's key, with the id. */
const leadingColumns = ({ equal = [], order, bound }: QueryShape): string[] =>
  [equal[0], order?.[0], bound].filter((field) => field !== undefined);

/** These, and what is looked at on the way. */
const searchColumns = (shape: QueryShape): string[] => [
  ...new Set([...leadingColumns(shape), ...(shape.equal ?? []), shape.substring ?? ""]),
];

const searching = (shape: QueryShape): shape is QueryShape & { substring: string } =>
  shape.substring !== undefined;

const containing = (shape: QueryShape): shape is QueryShape & { contains: string } =>
  shape.contains !== undefined;

function indexColumns(shape: QueryShape): string[] {
  const columns = (shape.equal ?? []).map((field) => fieldExpression(field, ""));
  if (shape.order) columns.push(fieldExpression(shape.order[0], ""), "id");
  return columns;
}

/** Named by what it holds, so that a changed declaration is another index. */
function indexName(collection: AnyCollection, columns: readonly string[]): string {
  const digest = createHash("sha256").update(columns.join()).digest("hex").slice(0, 12);
  return `query.${collection.name}.${digest}`;
}

/**
 * Files the elements of an array field with the value of the ordering field, kept by triggers: a
 * page walks one element's rows in order.
 */
function createContainsTable(
  database: DatabaseSync,
  collection: AnyCollection,
  shape: QueryShape & { contains: string },
): void {
  const name = containsTable(collection, shape);
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name);
  if (known) return;
  const table = quote(collection.name);
  const side = quote(name);
  const array = (row: string) => fieldExpression(shape.contains, row);
  const position = (row: string) =>
    shape.order ? `ifnull(${fieldExpression(shape.order[0], row)}, ${BELOW_ALL})` : BELOW_ALL;
  const elements = (row: string) => `json_each(${row}json, '$.${shape.contains}') AS each
    WHERE each.type NOT IN ('array', 'object', 'null')`;
  const insert = `INSERT INTO ${side}
    SELECT DISTINCT each.value, ${position("new.")}, new.id FROM ${elements("new.")};`;
  const remove = `DELETE FROM ${side} WHERE element IN (SELECT each.value FROM ${elements("old.")})
    AND position = ${position("old.")} AND id = old.id;`;
  const trigger = (event: string, when: string, statements: string) => `
    CREATE TRIGGER ${quote(`${name}.${event}`)} AFTER ${event.toUpperCase()} ON ${table} ${when}
    BEGIN ${statements} END;`;
  const moved = `WHEN ${array("old.")} IS NOT ${array("new.")}
    OR ${position("old.")} IS NOT ${position("new.")}`;
  database.exec(`
    CREATE TABLE ${side} (element, position, id TEXT, PRIMARY KEY (element, position, id))
      WITHOUT ROWID;
    ${trigger("insert", "", insert)}
    ${trigger("update", moved, remove + insert)}
    ${trigger("delete", "", remove)}
    INSERT INTO ${side}
      SELECT DISTINCT each.value, ${position("d.")}, d.id FROM ${table} AS d, ${elements("d.")};`);
}

/** Instead of the parts of each text: they would be a hundred rows a document, and reading the texts is quick. */
function createSearchTable(
  database: DatabaseSync,
  collection: AnyCollection,
  shape: QueryShape & { substring: string },
): void {
  const name = searchTable(collection, shape);
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name);
  if (known) return;
  const table = quote(collection.name);
  const side = quote(name);
  const fields = searchColumns(shape);
  const leading = leadingColumns(shape);
  const filedValue = (field: string, row: string) =>
    `ifnull(${fieldExpression(field, row)}, ${BELOW_ALL})`;
  const values = (row: string) =>
    [...fields.map((field) => filedValue(field, row)), `${row}id`].join(", ");
  const key = [...leading.map(quote), "id"].join(", ");
  const at = [
    ...leading.map((field) => `${quote(field)} = ${filedValue(field, "old.")}`),
    "id = old.id",
  ];
  const insert = `INSERT INTO ${side} VALUES (${values("new.")});`;
  const remove = `DELETE FROM ${side} WHERE ${at.join(" AND ")};`;
  const trigger = (event: string, when: string, statements: string) => `
    CREATE TRIGGER ${quote(`${name}.${event}`)} AFTER ${event.toUpperCase()} ON ${table} ${when}
    BEGIN ${statements} END;`;
  const moved = fields.map(
    (field) => `${filedValue(field, "old.")} IS NOT ${filedValue(field, "new.")}`,
  );
  database.exec(`
    CREATE TABLE ${side} (${fields.map(quote).join(", ")}, id TEXT, PRIMARY KEY (${key}))
      WITHOUT ROWID;
    ${trigger("insert", "", insert)}
    ${trigger("update", `WHEN ${moved.join(" OR ")}`, remove + insert)}
    ${trigger("delete", "", remove)}
    INSERT INTO ${side} SELECT ${values("d.")} FROM ${table} AS d;`);
}
