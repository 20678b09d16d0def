import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { collection, encodeCursor } from "../../functions/src/store/collection.ts";
import {
  type AnyCollection,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";
import { openSqliteStore } from "../../functions/src/store/sqlite.ts";
import { pageStatements } from "../../functions/src/store/sqlite-query.ts";
import { contractCollections, counters, note, notes } from "./contract-collections.ts";
import { describeDocumentStore, describeSharedStore } from "./document-store.contract.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "latchkey-sqlite-"));
});

afterAll(() => rm(directory, { recursive: true }));

let files = 0;
const newFile = () => join(directory, `${++files}.sqlite`);

const openFile = (path: string, collections: readonly AnyCollection[] = contractCollections) =>
  openSqliteStore({ path, collections });

describeDocumentStore("SQLite in memory", async () => {
  const store = openFile(":memory:");
  return { store, close: () => store.close() };
});

describeDocumentStore("SQLite in a file", async () => {
  const store = openFile(newFile());
  return { store, close: () => store.close() };
});

describeSharedStore("SQLite in a file", async () => {
  const path = newFile();
  const [store, second] = [openFile(path), openFile(path)];
  return {
    store,
    second,
    close: async () => {
      await store.close();
      await second.close();
    },
  };
});

describe("a SQLite file", () => {
  test("is all there when it is opened again", async () => {
    const path = newFile();
    const store = openFile(path);
    const record = note("a", { tags: ["x"], rank: 3, expireAt: 9, comment: "hm" });
    await store.commit([
      { kind: "create", collection: notes, record },
      { kind: "create", collection: counters, record: { name: "c", value: 1 } },
    ]);
    await store.close();

    const again = openFile(path);
    expect(await again.get(notes, "a")).toStrictEqual(record);
    expect(await again.get(counters, "c")).toEqual({ name: "c", value: 1 });
    expect(await again.count(notes, "tagged", { contains: "x" })).toBe(1);
    await again.close();
  });

  test("finishes the transactions under way before it closes", async () => {
    const path = newFile();
    const store = openFile(path);
    const writing = store.transaction(async (tx) => tx.set(counters, { name: "c", value: 1 }));
    await store.close();
    await writing;

    const again = openFile(path);
    expect(await again.get(counters, "c")).toEqual({ name: "c", value: 1 });
    await again.close();
  });

  test("gives up on a lock that another process keeps, and changes nothing", async () => {
    const path = newFile();
    const store = openSqliteStore({ path, collections: contractCollections, deadlineMs: 50 });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const writing = store.commit([{ kind: "create", collection: notes, record: note("a") }]);
    await expect(writing).rejects.toThrow(StoreUnavailableError);
    expect(await store.get(notes, "a")).toBeUndefined();
    other.exec("ROLLBACK");
    await store.commit([{ kind: "create", collection: notes, record: note("a") }]);
    other.close();
    await store.close();
  });

  test("that fails makes the store unavailable, with the cause", async () => {
    const path = newFile();
    const store = openFile(path);
    const other = new DatabaseSync(path);
    other.exec("DROP TABLE counters");
    other.close();
    const reading = store.transaction((tx) => tx.get(counters, "c"));
    await expect(reading).rejects.toThrow(StoreUnavailableError);
    await expect(reading).rejects.toMatchObject({ cause: { code: "ERR_SQLITE_ERROR" } });
    await store.close();
  });

  const things = {
    name: "things",
    idField: "id",
    shape: { id: z.string(), size: z.int(), tags: z.array(z.string()) },
  } as const;
  const plain = collection({ ...things, queries: {} });
  const queried = collection({
    ...things,
    queries: { bySize: { order: ["size", "desc"] }, tagged: { contains: "tags" } },
  });

  const indexesOf = (path: string): string[] => {
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'query.things.%'")
      .all() as { name: string }[];
    database.close();
    return rows.map(({ name }) => name);
  };

  test("gains the indexes of queries declared later, filled from what it holds", async () => {
    const path = newFile();
    const before = openFile(path, [plain]);
    await before.commit([
      { kind: "create", collection: plain, record: { id: "a", size: 1, tags: ["x", "y"] } },
      { kind: "create", collection: plain, record: { id: "b", size: 2, tags: ["y"] } },
    ]);
    await before.close();
    expect(indexesOf(path)).toHaveLength(0);

    const after = openFile(path, [queried]);
    expect(indexesOf(path)).toHaveLength(1);
    const bySize = await after.query(queried, "bySize", { limit: 9 });
    expect(bySize.items.map(({ id }) => id)).toEqual(["b", "a"]);
    const tagged = await after.query(queried, "tagged", { contains: "y", limit: 9 });
    expect(tagged.items.map(({ id }) => id)).toEqual(["a", "b"]);
    await after.commit([
      { kind: "update", collection: queried, id: "a", patch: { tags: ["x"] } },
      { kind: "delete", collection: queried, id: "b" },
    ]);
    expect(await after.count(queried, "tagged", { contains: "y" })).toBe(0);
    expect(await after.count(queried, "tagged", { contains: "x" })).toBe(1);
    await after.close();
  });

  test("loses an index no query uses any more, and its documents stay", async () => {
    const path = newFile();
    const before = openFile(path, [queried]);
    await before.commit([
      { kind: "create", collection: queried, record: { id: "a", size: 1, tags: ["x"] } },
    ]);
    await before.close();

    const without = openFile(path, [plain]);
    await without.commit([
      { kind: "create", collection: plain, record: { id: "b", size: 2, tags: ["x"] } },
    ]);
    await without.close();
    expect(indexesOf(path)).toHaveLength(0);

    const again = openFile(path, [queried]);
    expect(await again.count(queried, "tagged", { contains: "x" })).toBe(2);
    await again.close();
  });

  const filed = collection({
    ...things,
    queries: {
      taggedBySize: { contains: "tags", order: ["size", "desc"] },
      tagged: { contains: "tags" },
    },
  });

  test.each(["taggedBySize", "tagged"])(
    "answers %s, and its next page, in order without sorting",
    (name) => {
      const path = newFile();
      const opened = openFile(path, [filed]);
      const database = new DatabaseSync(path, { readOnly: true });
      for (const after of [undefined, encodeCursor({ value: 3, id: "b" })]) {
        const statements = pageStatements(filed, name, { contains: "x", limit: 2, after });
        expect(statements).toHaveLength(1);
        for (const { sql, parameters } of statements) {
          const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters, 2);
          expect(plan.map(({ detail }) => detail)).toEqual([
            expect.stringMatching(/^SEARCH c USING PRIMARY KEY \(element=\?/),
            "SEARCH d USING PRIMARY KEY (id=?)",
          ]);
        }
      }
      database.close();
      return opened.close();
    },
  );

  test("answers a search from the texts in its order, and looks up what is on the page", () => {
    const path = newFile();
    const opened = openFile(path);
    const database = new DatabaseSync(path, { readOnly: true });
    const ask = { equal: { owner: "ann", state: ["draft", "done"], pinned: true }, substring: "x" };
    for (const after of [undefined, encodeCursor({ value: 3, id: "b", bound: 1 })]) {
      for (const { sql, parameters } of pageStatements(notes, "ownedPartBound", {
        ...ask,
        limit: 2,
        after,
      })) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters, 2);
        const details = plan.map(({ detail }) => String(detail));
        expect(details.slice(0, 2)).toEqual([
          "CO-ROUTINE s",
          expect.stringMatching(/^SEARCH s USING PRIMARY KEY \(owner=\?/),
        ]);
        expect(details).toContain("SEARCH d USING PRIMARY KEY (id=?)");
      }
    }
    database.close();
    return opened.close();
  });

  test("files texts that were there before their query, and follows every change", async () => {
    const path = newFile();
    const before = openFile(path, [plain]);
    const record = { id: "a", size: 1, tags: [], name: "Anna" };
    await before.commit([{ kind: "create", collection: plain, record }]);
    await before.close();
    const named = collection({
      ...things,
      shape: { ...things.shape, name: z.string() },
      queries: { named: { substring: "name", order: ["size", "asc"] } },
    });
    const after = openFile(path, [named]);
    const count = (substring: string) => after.count(named, "named", { substring });
    expect(await count("nn")).toBe(1);
    await after.commit([{ kind: "update", collection: named, id: "a", patch: { name: "Ada" } }]);
    expect([await count("nn"), await count("Ad")]).toEqual([0, 1]);
    await after.commit([{ kind: "delete", collection: named, id: "a" }]);
    expect(await count("")).toBe(0);
    await after.close();
  });

  test("files elements of documents that were there before their query, and follows every change", async () => {
    const path = newFile();
    const before = openFile(path, [plain]);
    const thing = (id: string, size: number, ...tags: string[]) => ({ id, size, tags });
    await before.commit(
      [thing("a", 1, "x"), thing("b", 3, "x", "y"), thing("c", 2, "x")].map((record) => ({
        kind: "create",
        collection: plain,
        record,
      })),
    );
    await before.close();
    const after = openFile(path, [filed]);
    const ids = async () => {
      const page = await after.query(filed, "taggedBySize", { contains: "x", limit: 9 });
      return page.items.map(({ id }) => id);
    };
    expect(await ids()).toEqual(["b", "c", "a"]);
    await after.commit([
      { kind: "update", collection: filed, id: "a", patch: { size: 4 } },
      { kind: "update", collection: filed, id: "c", patch: { tags: ["y"] } },
    ]);
    expect(await ids()).toEqual(["a", "b"]);
    await after.commit([{ kind: "delete", collection: filed, id: "b" }]);
    expect(await ids()).toEqual(["a"]);
    await after.close();
  });

  test("files elements again only when they or their order changed", async () => {
    const path = newFile();
    const store = openFile(path, [filed]);
    const record = { id: "a", size: 1, tags: ["x", "y"] };
    await store.commit([{ kind: "create", collection: filed, record }]);
    const side = new DatabaseSync(path);
    side.exec(`DELETE FROM "things.tags.size"`);
    await store.commit([{ kind: "set", collection: filed, record: { ...record, other: 1 } }]);
    expect(await store.count(filed, "taggedBySize", { contains: "x" })).toBe(0);
    await store.commit([{ kind: "update", collection: filed, id: "a", patch: { size: 2 } }]);
    expect(await store.count(filed, "taggedBySize", { contains: "x" })).toBe(1);
    side.close();
    await store.close();
  });
});
