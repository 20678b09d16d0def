import fc from "fast-check";
import { z } from "zod";
import { encodeCursor } from "../../functions/src/store/collection.ts";
import {
  AlreadyExistsError,
  type AnyConditions,
  type DocumentStore,
  InvalidCursorError,
  MissingDocumentError,
  type PageAsk,
  type Transaction,
  type Write,
} from "../../functions/src/store/document-store.ts";
import { anyNotes, counters, type Note, newerNotes, note, notes } from "./contract-collections.ts";
import { anyProbes, anyStep, applyToModel, byBytes, modelIds, queryModel } from "./note-model.ts";

const create = (record: Note): Write => ({ kind: "create", collection: notes, record });
const set = (record: Note): Write => ({ kind: "set", collection: notes, record });
const update = (id: string, patch: Partial<Note>): Write => ({
  kind: "update",
  collection: notes,
  id,
  patch,
});
const remove = (id: string): Write => ({ kind: "delete", collection: notes, id });

const idsOf = (page: { items: readonly Note[] }) => page.items.map(({ id }) => id);

/** Any declared query, past the compiler: what the tables below feed in. */
type LooseStore = {
  query(
    collection: unknown,
    name: string,
    ask: AnyConditions & PageAsk,
  ): Promise<{ items: Note[]; next: string | undefined }>;
  count(collection: unknown, name: string, ask: AnyConditions): Promise<number>;
};
const loose = (store: DocumentStore) => store as unknown as LooseStore;

async function allPages(store: DocumentStore, name: string, ask: AnyConditions, limit: number) {
  const items: Note[] = [];
  let after: string | undefined;
  do {
    const page = await loose(store).query(notes, name, {
      ...ask,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
}

const increment = (name: string) => async (tx: Transaction) => {
  const counter = await tx.get(counters, name);
  const value = (counter?.value ?? 0) + 1;
  tx.set(counters, { name, value });
  return value;
};

const times = <R>(count: number, run: (index: number) => R): R[] =>
  Array.from({ length: count }, (_, index) => run(index));

export type OpenedStore = { store: DocumentStore; close: () => Promise<void> };

/** What every engine guarantees. `open` gives an empty store with `contractCollections`. */
export function describeDocumentStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    let opened: OpenedStore;
    let store: DocumentStore;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });

    afterEach(() => opened.close());

    describe("reads", () => {
      test("get gives the record, or undefined", async () => {
        const record = note("a", { rank: 7, tags: ["x", "y"], comment: "hm", expireAt: 1234 });
        await store.commit([create(record)]);
        expect(await store.get(notes, "a")).toStrictEqual(record);
        expect(await store.get(notes, "b")).toBeUndefined();
        expect(await store.get(counters, "a")).toBeUndefined();
      });

      test("getMany follows the ids asked for, missing and repeated ones included", async () => {
        await store.commit([create(note("a")), create(note("b"))]);
        const found = await store.getMany(notes, ["b", "none", "a", "b"]);
        expect(found.map((record) => record?.id)).toEqual(["b", undefined, "a", "b"]);
        expect(await store.getMany(notes, [])).toEqual([]);
        expect(await store.getMany(notes, ["none"])).toEqual([undefined]);
      });

      test("a record that does not fit its codec is refused", async () => {
        const bad = { ...note("a"), rank: "first" };
        await store.commit([{ kind: "set", collection: anyNotes, record: bad }]);
        await expect(store.get(notes, "a")).rejects.toThrow(z.ZodError);
        await expect(store.getMany(notes, ["a"])).rejects.toThrow(z.ZodError);
        await expect(store.query(notes, "all", { limit: 1 })).rejects.toThrow(z.ZodError);
        await expect(store.transaction((tx) => tx.get(notes, "a"))).rejects.toThrow(z.ZodError);
      });
    });

    describe("writes", () => {
      test("create refuses a document that is there", async () => {
        await store.commit([create(note("a", { rank: 1 }))]);
        await expect(store.commit([create(note("a", { rank: 2 }))])).rejects.toThrow(
          AlreadyExistsError,
        );
        expect(await store.get(notes, "a")).toMatchObject({ rank: 1 });
      });

      test("set writes the whole document, there or not", async () => {
        await store.commit([set(note("a", { comment: "old", tags: ["x"] }))]);
        await store.commit([set(note("a", { rank: 2 }))]);
        expect(await store.get(notes, "a")).toStrictEqual(note("a", { rank: 2 }));
      });

      test("update replaces the named fields whole and leaves the others", async () => {
        const record = note("a", { rank: 1, details: { pages: 3, subtitle: "s" }, expireAt: 5 });
        await store.commit([create(record)]);
        await store.commit([update("a", { details: { pages: 4 }, state: "done" })]);
        const expected = { ...record, details: { pages: 4 }, state: "done" };
        expect(await store.get(notes, "a")).toStrictEqual(expected);
      });

      test("update refuses a document that is not there", async () => {
        await expect(store.commit([update("a", { rank: 1 })])).rejects.toThrow(
          MissingDocumentError,
        );
        expect(await store.get(notes, "a")).toBeUndefined();
      });

      test("update with undefined removes an optional field", async () => {
        await store.commit([create(note("a", { comment: "old" }))]);
        const patch = { comment: undefined } as unknown as Partial<Note>;
        await store.commit([update("a", patch)]);
        expect(await store.get(notes, "a")).toStrictEqual(note("a"));
      });

      test("delete removes, and does not mind a document that is not there", async () => {
        await store.commit([create(note("a"))]);
        await store.commit([remove("a"), remove("b")]);
        expect(await store.get(notes, "a")).toBeUndefined();
      });

      test("a commit is all or nothing", async () => {
        await store.commit([create(note("there")), create(note("gone"))]);
        const earlier = (id: string) => [create(note(id)), remove("gone"), set(note("there2"))];
        await expect(store.commit([...earlier("b"), create(note("there"))])).rejects.toThrow(
          AlreadyExistsError,
        );
        await expect(store.commit([...earlier("b"), update("none", { rank: 1 })])).rejects.toThrow(
          MissingDocumentError,
        );
        expect(idsOf(await store.query(notes, "all", { limit: 9 }))).toEqual(["gone", "there"]);
      });

      test("a commit of nothing does nothing", async () => {
        await store.commit([]);
      });

      test("a commit may touch one document twice, in order", async () => {
        await store.commit([create(note("a")), update("a", { rank: 1 }), update("a", { rank: 2 })]);
        expect(await store.get(notes, "a")).toMatchObject({ rank: 2 });
      });

      test("a commit spans collections", async () => {
        await store.commit([
          create(note("a")),
          { kind: "create", collection: counters, record: { name: "a", value: 1 } },
        ]);
        expect(await store.get(counters, "a")).toEqual({ name: "a", value: 1 });
      });

      test.each<[string, unknown]>([
        ["a wrong type", { ...note("a"), rank: "first" }],
        ["a missing field", { ...note("a"), owner: undefined }],
        ["an unknown enum value", { ...note("a"), state: "lost" }],
        ["a wrong nested type", { ...note("a"), details: { pages: 0.5 } }],
        ["no id", { ...note("a"), id: undefined }],
      ])("a record with %s is refused and nothing is written", async (_, record) => {
        for (const kind of ["create", "set"] as const) {
          const writes: Write[] = [set(note("ok")), { kind, collection: notes, record }];
          await expect(store.commit(writes)).rejects.toThrow(z.ZodError);
        }
        expect(await store.getMany(notes, ["a", "ok"])).toEqual([undefined, undefined]);
      });

      test.each<[string, Record<string, unknown>, new (...args: never[]) => Error]>([
        ["a wrong type", { rank: "first" }, z.ZodError],
        ["a required field removed", { owner: undefined }, z.ZodError],
        ["a field nobody declared", { size: 1 }, TypeError],
        ["a field every object has", { constructor: 1 }, TypeError],
        ["the id", { id: "b" }, TypeError],
        ["nothing", {}, TypeError],
      ])("a patch with %s is refused", async (_, patch, error) => {
        await store.commit([create(note("a"))]);
        await expect(store.commit([update("a", patch as Partial<Note>)])).rejects.toThrow(error);
        await expect(
          store.transaction(async (tx) => tx.update(notes, "a", patch as Partial<Note>)),
        ).rejects.toThrow(error);
        expect(await store.get(notes, "a")).toStrictEqual(note("a"));
      });

      test("an undefined property is an absent one", async () => {
        const details = { pages: 1, subtitle: undefined };
        const record = { ...note("a"), comment: undefined, details };
        await store.commit([create(record as unknown as Note)]);
        expect(await store.get(notes, "a")).toStrictEqual(note("a"));
      });

      test("fields of a newer version survive an older one's get and set", async () => {
        const newer = { ...note("a"), colour: "red" };
        await store.commit([{ kind: "create", collection: newerNotes, record: newer }]);
        await store.transaction(async (tx) => {
          const record = await tx.get(notes, "a");
          if (record) tx.set(notes, { ...record, rank: 9 });
        });
        expect(await store.get(newerNotes, "a")).toStrictEqual({ ...newer, rank: 9 });
        await store.commit([update("a", { rank: 10 })]);
        expect(await store.get(newerNotes, "a")).toMatchObject({ colour: "red", rank: 10 });
      });

      test("the TTL field is epoch milliseconds everywhere", async () => {
        const at = 1_790_000_000_123;
        await store.commit([create(note("a", { expireAt: at })), create(note("b"))]);
        expect(await store.get(notes, "a")).toMatchObject({ expireAt: at });
        await store.commit([update("b", { expireAt: at + 1 })]);
        expect(await store.get(notes, "b")).toMatchObject({ expireAt: at + 1 });
        const due = await store.query(notes, "due", { range: { lte: at }, limit: 9 });
        expect(idsOf(due)).toEqual(["a"]);
        const exact = await store.query(notes, "byExpiry", {
          equal: { expireAt: [at + 1, at + 2] },
          limit: 9,
        });
        expect(idsOf(exact)).toEqual(["b"]);
        await store.commit([update("b", { expireAt: null })]);
        expect(await store.count(notes, "byExpiry", { equal: { expireAt: null } })).toBe(1);
      });
    });

    describe("document ids", () => {
      const unusual = [
        ..." $*~`\n🦀",
        ...[
          "a b",
          "a.b.c",
          ".a",
          "...",
          "ünïcodé",
          "日本",
          "%2F",
          "a\\b",
          "\"'",
          "[]",
          "__a",
          "a__",
        ],
        "x".repeat(1500),
      ];
      test("unusual characters work", async () => {
        await store.commit(unusual.map((id) => create(note(id))));
        const found = await store.getMany(notes, unusual);
        expect(found.map((record) => record?.id)).toEqual(unusual);
        const listed = await allPages(store, "all", {}, 5);
        expect(listed.map(({ id }) => id)).toEqual(unusual.toSorted(byBytes));
        await store.transaction(async (tx) => {
          await tx.getMany(notes, unusual);
          for (const id of unusual) tx.update(notes, id, { rank: 1 });
        });
        await store.commit(unusual.map(remove));
        expect(await store.count(notes, "all", {})).toBe(0);
      });

      test.each([
        ["nothing", ""],
        ["a dot", "."],
        ["two dots", ".."],
        ["a slash", "a/b"],
        ["two slashes", "a/b/c"],
        ["a reserved form", "__a__"],
        ["1,501 bytes", "x".repeat(1501)],
        ["half a character", "\ud800"],
      ])("%s cannot be one: not written, never found", async (_, id) => {
        await expect(store.commit([create(note(id))])).rejects.toThrow(TypeError);
        expect(await store.get(notes, id)).toBeUndefined();
        expect(await store.getMany(notes, [id])).toEqual([undefined]);
        expect(await store.transaction((tx) => tx.get(notes, id))).toBeUndefined();
        await expect(store.commit([update(id, { rank: 1 })])).rejects.toThrow(MissingDocumentError);
        await store.commit([remove(id)]);
      });
    });

    describe("queries", () => {
      test.each(["missing", "toString", "__proto__"])("%s is not declared", async (query) => {
        await expect(loose(store).query(notes, query, { limit: 1 })).rejects.toThrow(TypeError);
        await expect(loose(store).count(notes, query, {})).rejects.toThrow(TypeError);
      });

      test.each<[string, string, object]>([
        ["a declared field left out", "byOwnerAndState", { equal: { owner: "ann" } }],
        ["a field not declared", "byOwner", { equal: { owner: "ann", state: "done" } }],
        ["another field", "byOwner", { equal: { state: "done" } }],
        ["an object", "byOwner", { equal: { owner: {} } }],
        ["undefined", "byOwner", { equal: { owner: undefined } }],
        ["NaN", "byRank", { equal: { rank: Number.NaN } }],
        ["null in a list", "byRank", { equal: { rank: [1, null] } }],
        ["31 values", "byRank", { equal: { rank: times(31, Number) } }],
        [
          "lists that multiply to 32",
          "byOwnerAndState",
          { equal: { owner: times(16, String), state: ["draft", "done"] } },
        ],
        ["a range without an order", "byOwner", { equal: { owner: "ann" }, range: { gt: 1 } }],
        ["a null range", "ranked", { range: { gt: null } }],
        ["contains left out", "tagged", {}],
        ["contains not declared", "all", { contains: "x" }],
        ["null contains", "tagged", { contains: null }],
      ])("conditions with %s are refused", async (_, query, ask) => {
        const conditions = ask as AnyConditions;
        await expect(loose(store).query(notes, query, { ...conditions, limit: 1 })).rejects.toThrow(
          TypeError,
        );
        await expect(loose(store).count(notes, query, conditions)).rejects.toThrow(TypeError);
      });

      test.each([0, -1, 1.5, Number.NaN])("limit %p is refused", async (limit) => {
        await expect(store.query(notes, "all", { limit })).rejects.toThrow(TypeError);
      });

      test("equality compares every declared field", async () => {
        await store.commit([
          create(note("a", { state: "done" })),
          create(note("b", { owner: "bob", state: "done" })),
          create(note("c")),
        ]);
        const done = { owner: "ann", state: "done" };
        const page = await store.query(notes, "byOwnerAndState", { equal: done, limit: 9 });
        expect(idsOf(page)).toEqual(["a"]);
        expect(await store.count(notes, "byOwner", { equal: { owner: "ann" } })).toBe(2);
        expect(await store.count(notes, "byPin", { equal: { pinned: false } })).toBe(3);
        expect(await store.count(notes, "byPin", { equal: { pinned: true } })).toBe(0);
      });

      test("equality finds null", async () => {
        await store.commit([create(note("a", { rank: null })), create(note("b"))]);
        const page = await store.query(notes, "byRank", { equal: { rank: null }, limit: 9 });
        expect(idsOf(page)).toEqual(["a"]);
      });

      test("a list means any of up to 30 values, an empty one nothing", async () => {
        await store.commit(times(40, (rank) => create(note(`n${10 + rank}`, { rank }))));
        const rank = times(30, (index) => index * 2);
        expect(await store.count(notes, "byRank", { equal: { rank } })).toBe(20);
        const page = await store.query(notes, "byRank", { equal: { rank: [7, 3, 3] }, limit: 9 });
        expect(idsOf(page)).toEqual(["n13", "n17"]);
        const empty = { equal: { rank: [] } };
        expect(await store.query(notes, "byRank", { ...empty, limit: 9 })).toEqual({
          items: [],
          next: undefined,
        });
        expect(await store.count(notes, "byRank", empty)).toBe(0);
      });

      test("a list goes with an order and a cursor", async () => {
        await store.commit(
          ["ann", "bob", "eve", "ann", "bob", "eve"].map((owner, rank) =>
            create(note(`n${rank}`, { owner, rank })),
          ),
        );
        const ask = { equal: { owner: ["eve", "ann"] }, range: { lt: 5 } };
        const found = await allPages(store, "ownedRankedDown", ask, 1);
        expect(found.map(({ id }) => id)).toEqual(["n3", "n2", "n0"]);
      });

      test("array-contains finds a member, once per document", async () => {
        await store.commit([
          create(note("a", { tags: ["x", "y", "x"] })),
          create(note("b", { tags: ["y"], owner: "bob" })),
          create(note("c")),
        ]);
        const tagged = async (contains: string) =>
          idsOf(await store.query(notes, "tagged", { contains, limit: 9 }));
        expect(await tagged("x")).toEqual(["a"]);
        expect(await tagged("y")).toEqual(["a", "b"]);
        await store.commit([update("a", { tags: ["z"] }), remove("b")]);
        expect(await tagged("x")).toEqual([]);
        expect(await tagged("y")).toEqual([]);
        expect(await tagged("z")).toEqual(["a"]);
        const owned = { equal: { owner: "ann" }, contains: "z" };
        expect(await store.count(notes, "ownedTagged", owned)).toBe(1);
      });

      test("array-contains goes with an order both ways, nulls lowest, and a cursor", async () => {
        const ranks = { a: 2, b: null, c: 10, d: 2, e: -1, f: null };
        await store.commit([
          ...Object.entries(ranks).map(([id, rank]) => create(note(id, { rank, tags: ["x"] }))),
          create(note("other", { rank: 3, tags: ["y"] })),
        ]);
        const up = ["b", "f", "e", "a", "d", "c"];
        const down = { contains: "x", equal: { state: "draft" } };
        for (const limit of [1, 2, 3, 6, 9]) {
          const ascending = await allPages(store, "taggedUp", { contains: "x" }, limit);
          expect(ascending.map(({ id }) => id)).toEqual(up);
          const descending = await allPages(store, "taggedRanked", down, limit);
          expect(descending.map(({ id }) => id)).toEqual(up.toReversed());
        }
        const low = { contains: "x", range: { lt: 3 } };
        expect(await store.count(notes, "taggedUp", low)).toBe(3);
        await store.commit([update("a", { rank: 11 }), update("b", { tags: [] }), remove("c")]);
        const left = await allPages(store, "taggedUp", { contains: "x" }, 2);
        expect(left.map(({ id }) => id)).toEqual(["f", "e", "d", "a"]);
      });

      test("without an order the ids order", async () => {
        await store.commit(["b", "c", "a"].map((id) => create(note(id))));
        expect(idsOf(await store.query(notes, "all", { limit: 9 }))).toEqual(["a", "b", "c"]);
      });

      test("order goes both ways, ties by id, nulls below every value", async () => {
        const ranks = { a: 2, b: null, c: 10, d: 2, e: -1, f: null };
        await store.commit(Object.entries(ranks).map(([id, rank]) => create(note(id, { rank }))));
        const up = ["b", "f", "e", "a", "d", "c"];
        expect(idsOf(await store.query(notes, "ranked", { limit: 9 }))).toEqual(up);
        expect(idsOf(await store.query(notes, "rankedDown", { limit: 9 }))).toEqual(
          up.toReversed(),
        );
        for (const limit of [1, 2, 3, 5, 6]) {
          const ascending = await allPages(store, "ranked", {}, limit);
          expect(ascending.map(({ id }) => id)).toEqual(up);
          const descending = await allPages(store, "rankedDown", {}, limit);
          expect(descending.map(({ id }) => id)).toEqual(up.toReversed());
        }
      });

      test.each<[object, number[]]>([
        [{ gt: 1 }, [2, 3]],
        [{ gte: 1 }, [1, 2, 3]],
        [{ lt: 1 }, [0]],
        [{ lte: 1 }, [0, 1]],
        [{ gte: 1, lt: 3 }, [1, 2]],
        [{ gt: 3 }, []],
        [{ gt: 0, lt: 0 }, []],
      ])("range %j leaves %j and never a null", async (range, expected) => {
        const ranks = [null, 0, 1, 2, 3];
        await store.commit(ranks.map((rank) => create(note(`n${rank}`, { rank }))));
        const page = await store.query(notes, "ranked", { range, limit: 9 });
        expect(page.items.map(({ rank }) => rank)).toEqual(expected);
        const down = await store.query(notes, "rankedDown", { range, limit: 9 });
        expect(down.items.map(({ rank }) => rank)).toEqual(expected.toReversed());
        expect(await store.count(notes, "ranked", { range })).toBe(expected.length);
      });

      test("strings order by their UTF-8 bytes", async () => {
        // U+FF5E is below U+1F980, though its UTF-16 code unit is above the surrogates.
        const titles = ["", "A", "a", "aa", "z", "é", "日", "～", "🦀"];
        await store.commit(titles.toReversed().map((title, n) => create(note(`${n}`, { title }))));
        const page = await store.query(notes, "titled", { limit: 99 });
        expect(page.items.map(({ title }) => title)).toEqual(titles);
        const above = await store.query(notes, "titled", { range: { gt: "～" }, limit: 9 });
        expect(above.items.map(({ title }) => title)).toEqual(["🦀"]);
      });

      test("limit bounds the page; next leads on while pages are full", async () => {
        await store.commit(times(4, (n) => create(note(`n${n}`))));
        const first = await store.query(notes, "all", { limit: 2 });
        expect(idsOf(first)).toEqual(["n0", "n1"]);
        const second = await store.query(notes, "all", { limit: 2, after: first.next });
        expect(idsOf(second)).toEqual(["n2", "n3"]);
        expect(second.next).toBeDefined();
        expect(await store.query(notes, "all", { limit: 2, after: second.next })).toEqual({
          items: [],
          next: undefined,
        });
        expect((await store.query(notes, "all", { limit: 5 })).next).toBeUndefined();
      });

      test("a page starts where the last one ended, whatever was deleted since", async () => {
        await store.commit(times(4, (n) => create(note(`n${n}`, { rank: n }))));
        const { next } = await store.query(notes, "ranked", { limit: 2 });
        await store.commit([remove("n0"), remove("n1"), create(note("new", { rank: 3 }))]);
        const rest = await store.query(notes, "ranked", { limit: 9, after: next });
        expect(idsOf(rest)).toEqual(["n2", "n3", "new"]);
      });

      const asCursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      test.each([
        "",
        "?",
        "bm90IGpzb24",
        asCursor({}),
        asCursor([1]),
        asCursor([1, 2]),
        asCursor([1, ""]),
        asCursor([1, "a/b"]),
        asCursor([[], "a"]),
        asCursor([1, "a", 2]),
      ])("cursor %j is refused", async (after) => {
        for (const name of ["all", "ranked", "due"] as const) {
          await expect(store.query(notes, name, { limit: 1, after })).rejects.toThrow(
            InvalidCursorError,
          );
        }
      });
    });

    describe("transactions", () => {
      test("the body's result is the answer", async () => {
        expect(await store.transaction(async () => ({ answer: 42 }))).toEqual({ answer: 42 });
        expect(await store.transaction(increment("a"))).toBe(1);
        expect(await store.transaction(increment("a"))).toBe(2);
      });

      test("writes of every kind land together", async () => {
        await store.commit([create(note("gone")), create(note("changed"))]);
        await store.transaction(async (tx) => {
          expect(await tx.get(notes, "gone")).toStrictEqual(note("gone"));
          const many = await tx.getMany(notes, ["changed", "none", "changed"]);
          expect(many).toStrictEqual([note("changed"), undefined, note("changed")]);
          expect(await tx.getMany(notes, [])).toEqual([]);
          tx.create(notes, note("new", { expireAt: 5 }));
          tx.set(counters, { name: "c", value: 3 });
          tx.update(notes, "changed", { rank: 8 });
          tx.delete(notes, "gone");
          tx.delete(notes, "none");
        });
        expect(await store.getMany(notes, ["gone", "changed", "new"])).toStrictEqual([
          undefined,
          note("changed", { rank: 8 }),
          note("new", { expireAt: 5 }),
        ]);
        expect(await store.get(counters, "c")).toEqual({ name: "c", value: 3 });
      });

      test("nobody sees a write before the body returned", async () => {
        let seen: unknown = "nothing";
        await store.transaction(async (tx) => {
          tx.set(counters, { name: "a", value: 1 });
          seen = await store.get(counters, "a");
        });
        expect(seen).toBeUndefined();
        expect(await store.get(counters, "a")).toEqual({ name: "a", value: 1 });
      });

      test.each<[string, (tx: Transaction) => void]>([
        ["create", (tx) => tx.create(notes, note("b"))],
        ["set", (tx) => tx.set(notes, note("b"))],
        ["update", (tx) => tx.update(notes, "a", { rank: 1 })],
        ["delete", (tx) => tx.delete(notes, "a")],
      ])("a read after %s is refused and undoes it", async (_, write) => {
        await store.commit([create(note("a"))]);
        const readLate = (read: (tx: Transaction) => Promise<unknown>) =>
          store.transaction(async (tx) => {
            write(tx);
            await read(tx);
          });
        await expect(readLate((tx) => tx.get(notes, "a"))).rejects.toThrow(TypeError);
        await expect(readLate((tx) => tx.getMany(notes, ["a", "b"]))).rejects.toThrow(TypeError);
        expect(await store.getMany(notes, ["a", "b"])).toStrictEqual([note("a"), undefined]);
      });

      test.each<[string, unknown]>([
        ["an error", new Error("no")],
        ["an error with a text code", Object.assign(new Error("no"), { code: "SEATS_TAKEN" })],
        ["an error with a number an engine might retry", Object.assign(new Error(), { code: 10 })],
        ["an error with an HTTP status as code", Object.assign(new Error("no"), { code: 409 })],
        ["a value that is no error", { refused: true }],
      ])("%s from the body comes out unchanged, once, and undoes it", async (_, thrown) => {
        let runs = 0;
        const run = store.transaction(async (tx) => {
          runs++;
          await tx.get(notes, "a");
          tx.create(notes, note("a"));
          throw thrown;
        });
        await expect(run).rejects.toBe(thrown);
        expect(runs).toBe(1);
        expect(await store.get(notes, "a")).toBeUndefined();
      });

      test("create refuses a document that is there", async () => {
        await store.commit([create(note("a", { rank: 1 }))]);
        await expect(
          store.transaction(async (tx) => {
            tx.set(counters, { name: "a", value: 1 });
            tx.create(notes, note("a", { rank: 2 }));
          }),
        ).rejects.toThrow(AlreadyExistsError);
        expect(await store.get(notes, "a")).toMatchObject({ rank: 1 });
        expect(await store.get(counters, "a")).toBeUndefined();
      });

      test("update refuses a document that is not there", async () => {
        await expect(
          store.transaction(async (tx) => {
            tx.set(counters, { name: "a", value: 1 });
            tx.update(notes, "a", { rank: 2 });
          }),
        ).rejects.toThrow(MissingDocumentError);
        expect(await store.get(counters, "a")).toBeUndefined();
      });

      test("a bad record is refused and undoes the rest", async () => {
        await expect(
          store.transaction(async (tx) => {
            tx.set(counters, { name: "a", value: 1 });
            tx.set(counters, { name: "b", value: 0.5 });
          }),
        ).rejects.toThrow(z.ZodError);
        expect(await store.get(counters, "a")).toBeUndefined();
      });

      test("100 parallel increments lose none", async () => {
        const seen = await Promise.all(times(100, () => store.transaction(increment("a"))));
        expect(seen.toSorted((a, b) => a - b)).toEqual(times(100, (index) => index + 1));
        expect(await store.get(counters, "a")).toEqual({ name: "a", value: 100 });
      });

      test("parallel transactions on different documents all land", async () => {
        await Promise.all(times(50, (index) => store.transaction(increment(`c${index}`))));
        const all = await store.getMany(
          counters,
          times(50, (index) => `c${index}`),
        );
        expect(all.every((counter) => counter?.value === 1)).toBe(true);
      });

      test("write skew is prevented: of two on call, one stays", async () => {
        for (const round of times(5, String)) {
          const [ann, bob] = [`ann${round}`, `bob${round}`];
          await store.commit([create(note(ann)), create(note(bob))]);
          const leave = (id: string) =>
            store.transaction(async (tx) => {
              const both = await tx.getMany(notes, [ann, bob]);
              const onCall = both.filter((person) => person?.state === "draft");
              if (onCall.length === 2) tx.update(notes, id, { state: "done" });
              return onCall.length === 2;
            });
          const left = await Promise.all([leave(ann), leave(bob)]);
          expect(left.filter(Boolean)).toHaveLength(1);
        }
      });

      test("50 parallel creates of one id: one wins, the others see it", async () => {
        const claims = await Promise.all(
          times(50, (index) =>
            store.transaction(async (tx) => {
              const holder = await tx.get(notes, "claim");
              if (holder) return holder.rank;
              tx.create(notes, note("claim", { rank: index }));
              return index;
            }),
          ),
        );
        expect(new Set(claims).size).toBe(1);
        expect(await store.get(notes, "claim")).toMatchObject({ rank: claims[0] });
      });

      test("50 parallel commits that create one id: one wins, the others are refused", async () => {
        const claims = await Promise.allSettled(
          times(50, (rank) => store.commit([create(note("claim", { rank }))])),
        );
        const refused = claims.filter(
          (claim) => claim.status === "rejected" && claim.reason instanceof AlreadyExistsError,
        );
        expect(refused).toHaveLength(49);
        const winner = claims.findIndex((claim) => claim.status === "fulfilled");
        expect(await store.get(notes, "claim")).toMatchObject({ rank: winner });
      });
    });

    test.each<[string, AnyConditions]>([
      ["rankedDown", {}],
      ["ownedRanked", { equal: { owner: "ann" } }],
      ["ownedRanked", { equal: { owner: "ann" }, range: { gte: 1 } }],
      ["taggedUp", { contains: "red" }],
      ["taggedTitled", { contains: "red" }],
      ["taggedRanked", { equal: { state: "draft" }, contains: "red" }],
    ])(
      "%s %j may begin in the middle, nulls counted, and goes on from there",
      async (query, ask) => {
        const owned = (n: number) => note(`m${n}`, { rank: n < 3 ? null : n % 4, tags: ["red"] });
        await store.commit(times(9, (n) => create(owned(n))));
        const all = await loose(store).query(notes, query, { ...ask, limit: 99 });
        for (const skip of [0, 1, 2, 4, all.items.length, 99]) {
          const page = await loose(store).query(notes, query, { ...ask, limit: 3, skip });
          expect(idsOf(page)).toEqual(idsOf(all).slice(skip, skip + 3));
          if (page.next === undefined) continue;
          const rest = await loose(store).query(notes, query, {
            ...ask,
            limit: 99,
            after: page.next,
          });
          expect(idsOf(rest)).toEqual(idsOf(all).slice(skip + 3));
        }
      },
    );

    describe("parts of texts", () => {
      const titles = ["ABC12345", "abc", "AB%", "a_c", "日本語", "🦀x", "", "'--"];
      const found = async (substring: string) => {
        const page = await store.query(notes, "titledPart", { substring, limit: 99 });
        expect(await store.count(notes, "titledPart", { substring })).toBe(page.items.length);
        return page.items.map(({ title }) => title).sort(byBytes);
      };
      beforeEach(() =>
        store.commit(titles.map((title, index) => create(note(`n${index}`, { title })))),
      );

      test.each(["", "A", "BC1", "ABC12345", "C123456", "%", "_", "本", "🦀", "\ud83e", "'", "b"])(
        "%j is found wherever it stands, as it is",
        async (part) => {
          const holding = part.isWellFormed() ? titles.filter((title) => title.includes(part)) : [];
          expect(await found(part)).toEqual(holding.toSorted(byBytes));
        },
      );

      test("long ones are found whole, and texts follow every change", async () => {
        const title = Array.from({ length: 100 }, (_, n) => String.fromCodePoint(0x4e00 + n)).join(
          "",
        );
        await store.commit([create(note("long", { title }))]);
        for (const part of [title, title.slice(1), title.slice(40, 90)]) {
          expect(await found(part)).toEqual([title]);
          expect(await found(`${part}x`)).toEqual([]);
        }
        await store.commit([update("long", { title: "short" })]);
        expect(await found("hor")).toEqual(["short"]);
        expect(await found(title)).toEqual([]);
        expect(await store.get(notes, "long")).toStrictEqual(note("long", { title: "short" }));
        await store.commit([update("long", { rank: 3 })]);
        expect(await found("hor")).toEqual(["short"]);
        await store.commit([remove("long")]);
        expect(await found("hor")).toEqual([]);
      });

      test("101 characters are refused", async () => {
        const title = "x".repeat(101);
        await expect(store.commit([create(note("a", { title }))])).rejects.toThrow(TypeError);
        await expect(store.commit([update("n0", { title })])).rejects.toThrow(TypeError);
      });

      test("a page may begin in the middle, and goes on from there", async () => {
        await store.commit(times(9, (n) => create(note(`m${n}`, { title: "mm", rank: n }))));
        const ask = { equal: { owner: "ann" }, substring: "m" } as const;
        const page = await store.query(notes, "ownedPart", { ...ask, limit: 3, skip: 4 });
        expect(idsOf(page)).toEqual(["m4", "m3", "m2"]);
        const rest = await store.query(notes, "ownedPart", { ...ask, limit: 3, after: page.next });
        expect(idsOf(rest)).toEqual(["m1", "m0"]);
        const past = await store.query(notes, "ownedPart", { ...ask, limit: 3, skip: 9 });
        expect(past).toMatchObject({ items: [], next: undefined });
      });

      test.each<[string, string, AnyConditions & { skip?: number; after?: string }]>([
        ["no part", "titledPart", {}],
        ["a part not declared", "all", { substring: "x" }],
        [
          "a bound not declared",
          "ownedPart",
          { equal: { owner: "a" }, substring: "", bound: { gt: 1 } },
        ],
        ["a skip without an order", "all", { skip: 1 }],
        [
          "a skip beside a cursor",
          "ranked",
          { skip: 1, after: encodeCursor({ value: 1, id: "a" }) },
        ],
        ["a skip below 0", "titledPart", { substring: "", skip: -1 }],
      ])("%s is refused", async (_, name, ask) => {
        await expect(loose(store).query(notes, name, { ...ask, limit: 1 })).rejects.toThrow(
          TypeError,
        );
      });
    });

    test("it answers as an array of records would", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), anyProbes, async (steps, asked) => {
          await store.commit(modelIds.map(remove));
          const model = new Map<string, Note>();
          for (const changes of steps) {
            const expected = applyToModel(model, changes);
            const writes = changes.map((change) => ({ ...change, collection: notes }));
            const outcome = await store.commit(writes).then(
              () => undefined,
              (error: Error) => error.name,
            );
            expect(outcome).toBe(expected);
          }
          expect(await store.getMany(notes, modelIds)).toStrictEqual(
            modelIds.map((id) => model.get(id)),
          );
          for (const { name, ask, limit } of asked) {
            const expected = queryModel(model, notes.queries[name], ask);
            expect(await allPages(store, name, ask, limit)).toStrictEqual(expected);
            expect(await loose(store).count(notes, name, ask)).toBe(expected.length);
          }
        }),
        { numRuns: 100 },
      );
    });
  });
}

export type SharedStore = OpenedStore & { second: DocumentStore };

/** What holds between two stores over the same data. */
export function describeSharedStore(name: string, open: () => Promise<SharedStore>): void {
  describe(`${name}, from two stores`, () => {
    let shared: SharedStore;

    beforeEach(async () => {
      shared = await open();
    });

    afterEach(() => shared.close());

    test("one sees what the other committed", async () => {
      const { store, second } = shared;
      await store.commit([create(note("a"))]);
      expect(await second.get(notes, "a")).toStrictEqual(note("a"));
      await second.commit([update("a", { rank: 5 })]);
      expect(await store.count(notes, "ranked", { range: { gte: 5 } })).toBe(1);
    });

    test("an increment in the middle of another is not lost", async () => {
      const { store, second } = shared;
      let other: Promise<number> | undefined;
      const mine = await store.transaction(async (tx) => {
        const counter = await tx.get(counters, "a");
        other ??= second.transaction(increment("a"));
        await settledOrBlocked(other);
        const value = (counter?.value ?? 0) + 1;
        tx.set(counters, { name: "a", value });
        return value;
      });
      expect([mine, await other].toSorted()).toEqual([1, 2]);
      expect(await store.get(counters, "a")).toEqual({ name: "a", value: 2 });
    });

    test("a document created in the middle of another transaction is noticed", async () => {
      const { store, second } = shared;
      let other: Promise<void> | undefined;
      const claim = store.transaction(async (tx) => {
        const holder = await tx.get(notes, "claim");
        other ??= second.commit([create(note("claim", { owner: "other" }))]);
        await settledOrBlocked(other);
        if (!holder) tx.create(notes, note("claim", { owner: "me" }));
        return holder?.owner ?? "me";
      });
      const mine = await claim;
      const [theirs] = await Promise.allSettled([other]);
      const { owner } = (await store.get(notes, "claim")) ?? {};
      // Either order is serial; in both, the later one knows of the earlier.
      expect(mine).toBe(owner);
      expect(theirs.status).toBe(owner === "me" ? "rejected" : "fulfilled");
    });

    test("reads of one run agree with each other", async () => {
      const { store, second } = shared;
      const both = (rank: number) => [set(note("a", { rank })), set(note("b", { rank }))];
      await store.commit(both(0));
      let other: Promise<void> | undefined;
      const seen = await store.transaction(async (tx) => {
        const a = await tx.get(notes, "a");
        other ??= second.commit(both(1));
        await settledOrBlocked(other);
        const b = await tx.get(notes, "b");
        tx.set(counters, { name: "seen", value: 1 });
        return [a?.rank, b?.rank];
      });
      await other;
      expect(["0 0", "1 1"]).toContain(seen.join(" "));
    });

    test("write skew is prevented when one runs in the middle of the other", async () => {
      const { store, second } = shared;
      await store.commit([create(note("ann")), create(note("bob"))]);
      const leave = (of: DocumentStore, id: string, meanwhile: () => Promise<unknown>) =>
        of.transaction(async (tx) => {
          const both = await tx.getMany(notes, ["ann", "bob"]);
          await settledOrBlocked(meanwhile());
          const may = both.every((person) => person?.state === "draft");
          if (may) tx.update(notes, id, { state: "done" });
          return may;
        });
      let other: Promise<boolean> | undefined;
      const mine = await leave(store, "ann", () => {
        other ??= leave(second, "bob", async () => undefined);
        return other;
      });
      expect([mine, await other].filter(Boolean)).toHaveLength(1);
    });

    test("100 parallel increments, half from each, lose none", async () => {
      const { store, second } = shared;
      const seen = await Promise.all(
        times(100, (index) => (index % 2 ? store : second).transaction(increment("a"))),
      );
      expect(new Set(seen).size).toBe(100);
      expect(await second.get(counters, "a")).toEqual({ name: "a", value: 100 });
    });

    test("of 50 parallel creates of one id, from both, one wins", async () => {
      const { store, second } = shared;
      const claims = await Promise.allSettled(
        times(50, (rank) => (rank % 2 ? store : second).commit([create(note("claim", { rank }))])),
      );
      expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });
  });
}

/** An engine with locks holds the other one up until this transaction ends; one without does not. */
async function settledOrBlocked(other: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const blocked = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 100);
  });
  await Promise.race([other.then(Boolean, Boolean), blocked]);
  clearTimeout(timer);
}
