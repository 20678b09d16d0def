import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { AnyCollection, QueryShape } from "./document-store.ts";

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The value of a top-level field of the document aliased `d`. */
export const fieldExpression = (field: string, alias = "d."): string =>
  `json_extract(${alias}json, '$.${field}')`;

/** Where the elements of an array field are filed, one row each. */
export const containsTable = (collection: AnyCollection, field: string): string =>
  `${collection.name}.${field}`;

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
        if (shape.contains !== undefined) createContainsTable(database, collection, shape.contains);
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

function createContainsTable(
  database: DatabaseSync,
  collection: AnyCollection,
  field: string,
): void {
  const name = containsTable(collection, field);
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name);
  if (known) return;
  const elements = (row: string) =>
    `SELECT DISTINCT each.value, ${row}id FROM json_each(${row}json, '$.${field}') AS each
     WHERE each.type NOT IN ('array', 'object', 'null')`;
  const trigger = (event: string, statements: string) => `
    CREATE TRIGGER ${quote(`${name}.${event}`)} AFTER ${event.toUpperCase()} ON ${quote(collection.name)}
    BEGIN ${statements} END;`;
  const remove = `DELETE FROM ${quote(name)} WHERE id = old.id;`;
  const insert = `INSERT INTO ${quote(name)} ${elements("new.")};`;
  database.exec(`
    CREATE TABLE ${quote(name)} (element, id TEXT NOT NULL, PRIMARY KEY (element, id)) WITHOUT ROWID;
    CREATE INDEX ${quote(`${name}.id`)} ON ${quote(name)} (id);
    ${trigger("insert", insert)}
    ${trigger("update", remove + insert)}
    ${trigger("delete", remove)}
    INSERT INTO ${quote(name)}
      SELECT DISTINCT each.value, d.id
      FROM ${quote(collection.name)} AS d, json_each(d.json, '$.${field}') AS each
      WHERE each.type NOT IN ('array', 'object', 'null');`);
}
