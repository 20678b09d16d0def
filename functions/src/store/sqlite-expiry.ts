import { DatabaseSync } from "node:sqlite";
import type { AnyCollection } from "./document-store.ts";
import { isBusy } from "./sqlite-errors.ts";
import { fieldExpression, quote } from "./sqlite-schema.ts";

const SLICE = 500;

/** Deletes expired documents as Firestore's TTL policies do, some time after they expired. */
export type SqliteExpiry = {
  /**
   * Looks at the next few documents and deletes those that expired before the instant (epoch ms); a walk over
   * all collections is many calls. Returns how many were deleted. Waits for nobody: a busy database is left for later.
   */
  readonly forget: (before: number) => number;
  readonly close: () => void;
};

type Row = { readonly id: string; readonly at: number | null };

/** On a connection of its own, to a file in which the collections' tables are. */
export function openSqliteExpiry(
  path: string,
  collections: readonly AnyCollection[],
): SqliteExpiry {
  const database = new DatabaseSync(path, { timeout: 0 });
  // What a power cut brings back is deleted again.
  database.exec("PRAGMA synchronous = NORMAL");
  const walks = collections.flatMap(({ name, ttlField }) => {
    if (ttlField === undefined) return [];
    const [table, at] = [quote(name), fieldExpression(ttlField)];
    return [
      {
        after: "",
        slice: `SELECT d.id, ${at} AS at FROM ${table} d WHERE d.id > ? ORDER BY d.id LIMIT ${SLICE}`,
        // Looked at again: somebody may have written it since.
        remove: `DELETE FROM ${table} AS d WHERE d.id = ? AND ${at} <= ?`,
      },
    ];
  });

  const forget = (before: number): number => {
    const [walk] = walks;
    if (!walk) return 0;
    const rows = database.prepare(walk.slice).all(walk.after) as Row[];
    const expired = rows.filter(({ at }) => at !== null && at <= before);
    if (expired.length > 0) {
      const remove = database.prepare(walk.remove);
      database.exec("BEGIN IMMEDIATE");
      for (const { id } of expired) remove.run(id, before);
      database.exec("COMMIT");
    }
    walk.after = rows.length === SLICE ? (rows.at(-1)?.id ?? "") : "";
    // Where something had expired there may be more.
    if (expired.length === 0 || walk.after === "") walks.push(...walks.splice(0, 1));
    return expired.length;
  };

  return {
    forget(before) {
      try {
        return forget(before);
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        if (isBusy(error)) return 0;
        throw error;
      }
    },
    close: () => database.close(),
  };
}
