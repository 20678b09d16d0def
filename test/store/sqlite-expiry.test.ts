import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { collections, licenses, rateBudgets } from "../../functions/src/store/collections.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { openSqliteExpiry } from "../../functions/src/store/sqlite-expiry.ts";

const NOW = Date.parse("2026-11-20T09:00:00Z");
const directory = mkdtempSync(join(tmpdir(), "latchkey-expiry-"));
const path = join(directory, "latchkey.sqlite");
const store = openSqliteStore({ path, collections });
const expiry = openSqliteExpiry(path, collections);
const raw = new DatabaseSync(path);
afterAll(async () => {
  raw.close();
  expiry.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

const put = (ids: readonly string[], expireAt: number) =>
  store.commit(
    ids.map((id) => ({
      kind: "set" as const,
      collection: rateBudgets,
      record: { id, startedAt: expireAt - 60_000, leased: 1, expireAt },
    })),
  );
const left = () => raw.prepare('SELECT id FROM "rateBudgets" ORDER BY id').all().length;
/** Every collection several times. */
const walk = () => {
  let deleted = 0;
  for (let call = 0; call < 100; call++) deleted += expiry.forget(NOW);
  return deleted;
};
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

test("what has expired is deleted, however much there is, and nothing else", async () => {
  await put(names("old", 1_700), NOW);
  await put(names("new", 1_300), NOW + 1);
  expect(walk()).toBe(1_700);
  expect(left()).toBe(1_300);
  expect(walk()).toBe(0);
  raw.exec('DELETE FROM "rateBudgets"');
});

test("every collection with a TTL field is walked, and no other is touched", () => {
  const kept = collections.filter(({ ttlField }) => ttlField === undefined);
  const given = collections.filter(({ ttlField }) => ttlField !== undefined);
  expect(given.length).toBeGreaterThan(10);
  expect(kept).toContain(licenses);
  for (const { name, ttlField = "expireAt" } of collections) {
    raw
      .prepare(`INSERT INTO "${name}" (id, json) VALUES ('x', ?)`)
      .run(JSON.stringify({ id: "x", [ttlField]: NOW }));
  }
  expect(walk()).toBe(given.length);
  for (const { name, ttlField } of collections) {
    const found = raw.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.["n"];
    expect([name, found]).toEqual([name, ttlField === undefined ? 1 : 0]);
    raw.exec(`DELETE FROM "${name}"`);
  }
});

test("a database that another holds is left for later, and no transaction stays open", async () => {
  await put(["old"], NOW);
  raw.exec("BEGIN IMMEDIATE");
  expect(walk()).toBe(0);
  raw.exec("COMMIT");
  expect(left()).toBe(1);
  expect(walk()).toBe(1);
  await put(["again"], NOW + 1);
  expect(left()).toBe(1);
});
