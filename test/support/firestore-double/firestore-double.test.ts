import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  AggregateField,
  type DocumentData,
  FieldPath,
  FieldValue,
  Filter,
  Firestore,
  type Query,
  type WriteResult,
} from "@google-cloud/firestore";
import { DocumentStore } from "./documents.ts";
import { checkDocument } from "./limits.ts";
import type { Value } from "./proto.ts";
import { type FirestoreDouble, type IndexFile, startFirestoreDouble } from "./server.ts";
import { StatusError } from "./status-error.ts";
import { type Caller, PATIENCE, Transactions } from "./transactions.ts";

process.env.METADATA_SERVER_DETECTION = "none";

const CODE = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  failedPrecondition: 9,
  aborted: 10,
} as const;

const INDEXES: IndexFile = {
  indexes: [
    {
      collectionGroup: "licenses",
      queryScope: "COLLECTION",
      fields: [
        { fieldPath: "account", order: "ASCENDING" },
        { fieldPath: "status", order: "ASCENDING" },
        { fieldPath: "created", order: "DESCENDING" },
      ],
    },
    {
      collectionGroup: "licenses",
      queryScope: "COLLECTION",
      fields: [
        { fieldPath: "tags", arrayConfig: "CONTAINS" },
        { fieldPath: "created", order: "ASCENDING" },
      ],
    },
    {
      collectionGroup: "sealed",
      queryScope: "COLLECTION",
      fields: [
        { fieldPath: "account", order: "ASCENDING" },
        { fieldPath: "kind", order: "ASCENDING" },
      ],
    },
  ],
  fieldOverrides: [
    { collectionGroup: "licenses", fieldPath: "note", indexes: [] },
    { collectionGroup: "sealed", fieldPath: "*", indexes: [] },
    {
      collectionGroup: "sealed",
      fieldPath: "expires",
      ttl: true,
      indexes: [{ order: "ASCENDING", queryScope: "COLLECTION" }],
    },
  ],
};

type Connected = { readonly double: FirestoreDouble; readonly db: Firestore };

async function connect(indexes?: IndexFile): Promise<Connected> {
  const double = await startFirestoreDouble({ indexes });
  process.env.FIRESTORE_EMULATOR_HOST = double.host;
  return { double, db: new Firestore({ projectId: "demo-latchkey" }) };
}

async function disconnect({ double, db }: Connected): Promise<void> {
  await db.terminate();
  await double.close();
}

const ids = async (query: Query) => (await query.get()).docs.map((document) => document.id);

let free: Connected;
let strict: Connected;

beforeAll(async () => {
  free = await connect();
  strict = await connect(INDEXES);
});

afterAll(() => Promise.all([free, strict].map(disconnect)));

beforeEach(() => {
  free.double.clear();
  strict.double.clear();
});

describe("preconditions", () => {
  test("one of many creators wins", async () => {
    const claim = free.db.doc("claims/one");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => claim.create({ i })),
    );
    const losers = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(losers.map(({ reason }) => reason.code)).toEqual(Array(19).fill(CODE.alreadyExists));
  });

  test("an update needs the document", async () => {
    await expect(free.db.doc("a/missing").update({ n: 1 })).rejects.toMatchObject({
      code: CODE.notFound,
    });
  });

  test("no two commits have the same time", async () => {
    const writes = Array.from({ length: 50 }, (_, i) => free.db.doc(`a/${i}`).set({}));
    const times = (await Promise.all(writes)).map(({ writeTime }) => writeTime.valueOf());
    expect(new Set(times).size).toBe(50);
  });

  test("an update time holds until the next write", async () => {
    const document = free.db.doc("a/b");
    const { writeTime } = await document.set({ n: 1 });
    const second = await document.update({ n: 2 }, { lastUpdateTime: writeTime });
    expect(second.writeTime.valueOf() > writeTime.valueOf()).toBe(true);
    await expect(document.update({ n: 3 }, { lastUpdateTime: writeTime })).rejects.toMatchObject({
      code: CODE.failedPrecondition,
    });
    expect((await document.get()).data()).toEqual({ n: 2 });
  });

  test("a failed write takes its batch along", async () => {
    await free.db.doc("a/taken").set({});
    const before = free.double.stats.commits;
    const batch = free.db.batch().set(free.db.doc("a/new"), {});
    await expect(batch.create(free.db.doc("a/taken"), {}).commit()).rejects.toMatchObject({
      code: CODE.alreadyExists,
    });
    expect((await free.db.doc("a/new").get()).exists).toBe(false);
    expect(free.double.stats.commits).toBe(before);
  });
});

test("writes merge, transform and delete fields", async () => {
  const document = free.db.doc("a/b");
  await document.set({ n: 1, map: { x: 1, y: 2 }, list: ["a"] });
  await document.update({
    n: FieldValue.increment(2),
    "map.x": FieldValue.delete(),
    list: FieldValue.arrayUnion("a", "b"),
  });
  await document.set({ map: { z: 3 } }, { merge: true });
  expect((await document.get()).data()).toEqual({ n: 3, map: { y: 2, z: 3 }, list: ["a", "b"] });
});

describe("transactions", () => {
  test("100 parallel increments lose none", async () => {
    const counter = free.db.doc("counters/one");
    await counter.set({ n: 0 });
    await Promise.all(
      Array.from({ length: 100 }, () =>
        free.db.runTransaction(async (tx) => {
          const read = await tx.get(counter);
          tx.update(counter, { n: read.get("n") + 1 });
        }),
      ),
    );
    expect((await counter.get()).get("n")).toBe(100);
  });

  test("a deadlock aborts one side and lets the other commit", async () => {
    const [a, b] = [free.db.doc("locks/a"), free.db.doc("locks/b")];
    const bothHold = Promise.withResolvers<void>();
    let holding = 0;
    const cross = (first: typeof a, second: typeof a) =>
      free.db.runTransaction(
        async (tx) => {
          await tx.get(first);
          if (++holding === 2) bothHold.resolve();
          await bothHold.promise;
          await tx.get(second);
          tx.set(first, { done: true });
        },
        { maxAttempts: 1 },
      );
    const before = free.double.stats.aborted;
    const outcomes = await Promise.allSettled([cross(a, b), cross(b, a)]);
    const failures = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(failures.map(({ reason }) => reason.code)).toEqual([CODE.aborted]);
    expect(free.double.stats.aborted).toBe(before + 1);
  });

  test("a plain write waits for the transaction that read the document", async () => {
    const document = free.db.doc("a/b");
    await document.set({ n: 0 });
    let outside: Promise<unknown> | undefined;
    await free.db.runTransaction(async (tx) => {
      const read = await tx.get(document);
      outside = document.update({ n: FieldValue.increment(10) });
      tx.update(document, { n: read.get("n") + 1 });
    });
    await outside;
    expect((await document.get()).get("n")).toBe(11);
  });

  test("a document that a transaction's query would match is created after it", async () => {
    const seats = free.db.collection("seats");
    let creation: Promise<WriteResult> | undefined;
    const summary = free.db.doc("summaries/one");
    await free.db.runTransaction(async (tx) => {
      const taken = await tx.get(seats.where("license", "==", "l1"));
      creation = seats.doc("s1").create({ license: "l1" });
      await tx.get(summary);
      tx.set(summary, { taken: taken.size });
    });
    const { writeTime } = (await creation) as WriteResult;
    const { updateTime } = await summary.get();
    expect(writeTime.valueOf() > (updateTime?.valueOf() ?? "")).toBe(true);
  });

  test("a read-only transaction keeps to one moment", async () => {
    const document = free.db.doc("a/b");
    await document.set({ n: 1 });
    const seen = await free.db.runTransaction(
      async (tx) => {
        const first = (await tx.get(document)).get("n");
        await document.set({ n: 2 });
        return [first, (await tx.get(document)).get("n")];
      },
      { readOnly: true },
    );
    expect(seen).toEqual([1, 1]);
  });
});

describe("patience", () => {
  const caller = (peer: string): Caller => ({ peer, onCancel: () => {} });
  const lock = (transactions: Transactions, peer: string, name: string) => {
    const transaction = transactions.begin(caller(peer));
    const locked = transactions.lockDocuments(transaction, [name], caller(peer), () => peer);
    return { transaction, locked };
  };

  test("a wait for a lock ends with ABORTED", async () => {
    let now = 0;
    const transactions = new Transactions({ documents: new DocumentStore(), now: () => now });
    lock(transactions, "holder", "a/b");
    const { locked } = lock(transactions, "waiter", "a/b");
    now = PATIENCE.lockWait + 1;
    transactions.sweep();
    await expect(locked).rejects.toMatchObject({ code: CODE.aborted });
  });

  test.each([
    ["a silent client", PATIENCE.idle, () => {}],
    ["a lost client", PATIENCE.orphanIdle, (all: Transactions) => all.orphan("holder")],
  ])("%s loses its locks", async (_, patience, disturb) => {
    let now = 0;
    const transactions = new Transactions({ documents: new DocumentStore(), now: () => now });
    const { transaction } = lock(transactions, "holder", "a/b");
    disturb(transactions);
    now = patience;
    transactions.sweep();
    const { locked } = lock(transactions, "next", "a/b");
    now = patience + 1;
    transactions.sweep();
    await expect(locked).resolves.toBe("next");
    expect(() => transactions.find(transaction.id, caller("holder"))).toThrow(
      /transaction has expired/,
    );
  });
});

describe("queries", () => {
  const people = () => free.db.collection("people");

  beforeEach(async () => {
    const batch = free.db.batch();
    const rows: readonly DocumentData[] = [
      { id: "a", age: 30, city: "Oslo", tags: ["x", "y"] },
      { id: "b", age: 20, city: "Rome", tags: ["y"] },
      { id: "c", age: 30, city: "Rome", tags: [] },
      { id: "d", age: "old", city: null },
      { id: "e", city: "Oslo" },
    ];
    for (const { id, ...fields } of rows) batch.set(people().doc(id), fields);
    await batch.commit();
  });

  test.each<[string, (all: Query) => Query, string[]]>([
    ["everything, by name", (all) => all, ["a", "b", "c", "d", "e"]],
    ["order skips documents without the field", (all) => all.orderBy("age"), ["b", "a", "c", "d"]],
    ["descending, ties too", (all) => all.orderBy("age", "desc"), ["d", "c", "a", "b"]],
    ["a range stays in its type", (all) => all.where("age", ">", 20), ["a", "c"]],
    ["a closed range", (all) => all.where("age", ">=", 20).where("age", "<", 30), ["b"]],
    ["in", (all) => all.where("city", "in", ["Oslo", "Paris"]), ["a", "e"]],
    ["array-contains", (all) => all.where("tags", "array-contains", "y"), ["a", "b"]],
    ["null", (all) => all.where("city", "==", null), ["d"]],
    ["not equal", (all) => all.where("city", "!=", "Oslo"), ["b", "c"]],
    [
      "either",
      (all) =>
        all.where(Filter.or(Filter.where("age", "==", 20), Filter.where("city", "==", null))),
      ["b", "d"],
    ],
    ["limit and offset", (all) => all.limit(2).offset(1), ["b", "c"]],
    ["from the end", (all) => all.orderBy("age").limitToLast(2), ["c", "d"]],
    [
      "after a cursor with its tie-breaker",
      (all) => all.orderBy("age").orderBy(FieldPath.documentId()).startAfter(30, "a"),
      ["c", "d"],
    ],
    ["up to a cursor", (all) => all.orderBy("age").endAt(30), ["b", "a", "c"]],
    ["by name", (all) => all.where(FieldPath.documentId(), ">", "c"), ["d", "e"]],
  ])("%s", async (_, narrow, expected) => {
    expect(await ids(narrow(people()))).toEqual(expected);
  });

  test("aggregates", async () => {
    expect((await people().where("city", "==", "Rome").count().get()).data().count).toBe(2);
    const totals = people().aggregate({
      sum: AggregateField.sum("age"),
      average: AggregateField.average("age"),
    });
    expect((await totals.get()).data()).toEqual({ sum: 80, average: 80 / 3 });
  });

  test("select", async () => {
    const [first] = (await people().select("age").limit(1).get()).docs;
    expect(first?.data()).toEqual({ age: 30 });
  });

  test.each<[string, (all: Query) => Query]>([
    ["31 values", (all) => all.where("n", "in", [...Array(31).keys()])],
    [
      "31 or more combinations",
      (all) => all.where("n", "in", [1, 2, 3, 4, 5, 6]).where("m", "in", [1, 2, 3, 4, 5, 6]),
    ],
    [
      "two array conditions",
      (all) => all.where("s", "array-contains", 1).where("t", "array-contains", 1),
    ],
  ])("%s are refused", async (_, narrow) => {
    await expect(narrow(people()).get()).rejects.toMatchObject({ code: CODE.invalidArgument });
  });
});

test("collections and documents are listed", async () => {
  await free.db.doc("a/b/c/d").set({});
  const [missing] = await free.db.collection("a").listDocuments();
  expect(missing?.path).toBe("a/b");
  expect((await free.db.listCollections()).map(({ id }) => id)).toEqual(["a"]);
});

describe("indexes", () => {
  type Ask = (db: Firestore) => Query;
  const licenses = (db: Firestore) => db.collection("licenses");
  const sealed = (db: Firestore) => db.collection("sealed");
  const byName = FieldPath.documentId();

  test.each<[string, Ask]>([
    ["no condition", (db) => sealed(db)],
    ["by name", (db) => sealed(db).where(byName, ">", "a").orderBy(byName)],
    ["automatic, ascending", (db) => licenses(db).where("created", ">", 1)],
    ["automatic, descending", (db) => licenses(db).orderBy("created", "desc")],
    [
      "equalities merged",
      (db) => licenses(db).where("a", "==", 1).where("b", "in", [1, 2]).where("c", "==", null),
    ],
    [
      "an array condition merged",
      (db) => licenses(db).where("tags", "array-contains", "x").where("a", "==", 1),
    ],
    [
      "composite, equalities in any order",
      (db) =>
        licenses(db)
          .where("status", "in", ["active", "suspended"])
          .where("account", "==", 1)
          .orderBy("created", "desc")
          .orderBy(byName, "desc")
          .startAfter(5, "x"),
    ],
    [
      "composite, with a range",
      (db) =>
        licenses(db)
          .where("account", "==", 1)
          .where("status", "==", "active")
          .where("created", "<", 9)
          .orderBy("created", "desc"),
    ],
    [
      "composite, with an array condition",
      (db) => licenses(db).where("tags", "array-contains", "x").orderBy("created"),
    ],
    [
      "composite, equalities only",
      (db) => sealed(db).where("kind", "==", 1).where("account", "==", 2),
    ],
    ["an override beside the wildcard", (db) => sealed(db).where("expires", "<", 5)],
  ])("%s: served", async (_, ask) => {
    await expect(ask(strict.db).get()).resolves.toBeDefined();
    await expect(ask(strict.db).count().get()).resolves.toBeDefined();
  });

  test.each<[string, Ask, string]>([
    [
      "no composite",
      (db) => licenses(db).where("account", "==", 1).orderBy("created", "desc"),
      "composite index on licenses: account ASC, created DESC",
    ],
    [
      "composite of the other direction",
      (db) =>
        licenses(db).where("account", "==", 1).where("status", "==", 1).where("created", ">", 1),
      "composite index on licenses: account ASC, status ASC, created ASC",
    ],
    [
      "tie-breaker of the other direction",
      (db) => licenses(db).orderBy("created").orderBy(byName, "desc"),
      "composite index on licenses: created ASC, __name__ DESC",
    ],
    [
      "tie-breaker against the composite",
      (db) =>
        licenses(db)
          .where("account", "==", 1)
          .where("status", "==", "active")
          .orderBy("created", "desc")
          .orderBy(byName),
      "composite index on licenses: account ASC, status ASC, created DESC, __name__ ASC",
    ],
    [
      "array condition with descending order",
      (db) => licenses(db).where("tags", "array-contains", "x").orderBy("created", "desc"),
      "composite index on licenses: tags CONTAINS, created DESC",
    ],
    [
      "two ranges",
      (db) => licenses(db).where("a", ">", 1).where("b", ">", 1),
      "composite index on licenses: a ASC, b ASC",
    ],
    [
      "an exempt field",
      (db) => licenses(db).where("note", "==", "x"),
      "single-field index on licenses: note ASC",
    ],
    [
      "a wildcard exemption",
      (db) => sealed(db).where("account", "==", 1),
      "single-field index on sealed: account ASC",
    ],
    [
      "a wildcard exemption of two fields",
      (db) => sealed(db).where("a", "==", 1).where("b", "==", 1),
      "single-field index on sealed: a ASC, b ASC; or composite index on sealed: a ASC, b ASC",
    ],
    [
      "an override's other direction",
      (db) => sealed(db).orderBy("expires", "desc"),
      "single-field index on sealed: expires DESC",
    ],
    [
      "a collection group",
      (db) => db.collectionGroup("licenses").where("account", "==", 1),
      "single-field index on collection group licenses: account ASC",
    ],
    [
      "a range ordered by name",
      (db) => licenses(db).where("created", ">", 1).orderBy(byName),
      "this double has no index rules for fields ordered after __name__",
    ],
    [
      "a descending tie-breaker alone",
      (db) => sealed(db).orderBy(byName, "desc"),
      "composite index on sealed: __name__ DESC",
    ],
  ])("%s: refused", async (_, ask, missing) => {
    const refusal = {
      code: CODE.failedPrecondition,
      message: `9 FAILED_PRECONDITION: The query requires an index: ${missing}`,
    };
    await expect(ask(strict.db).get()).rejects.toMatchObject(refusal);
    await expect(ask(strict.db).count().get()).rejects.toMatchObject(refusal);
  });
});

describe("limits", () => {
  const wrapped = (value: Value): Value => ({ mapValue: { fields: { value } } });
  const nested = (levels: number): DocumentData =>
    levels === 0 ? { leaf: 1 } : { level: nested(levels - 1) };

  test.each<[string, string, DocumentData]>([
    ["1,500 indexed bytes", "licenses/a", { name: "é".repeat(750) }],
    ["a long value in an exempt field", "licenses/a", { note: "x".repeat(1_000_000) }],
    ["a long value under a wildcard exemption", "sealed/a", { any: { deep: "x".repeat(2000) } }],
    ["20 levels", "licenses/a", nested(20)],
    ["many elements in an exempt field", "licenses/a", { note: Array(50_000).fill(1) }],
    ["40,000 index entries", "licenses/a", { list: Array(39_998).fill(1) }],
    ["a long id", `licenses/${"x".repeat(1500)}`, {}],
  ])("%s: stored", async (_, path, data) => {
    await expect(strict.db.doc(path).set(data)).resolves.toBeDefined();
  });

  test.each<[string, string, DocumentData]>([
    ["1,501 indexed bytes", "licenses/a", { name: "x".repeat(1501) }],
    ["1,501 bytes in a list element", "licenses/a", { list: ["x".repeat(1501)] }],
    ["1,501 bytes in a composite index", "sealed/a", { kind: "x".repeat(1501) }],
    ["40,001 index entries", "licenses/a", { list: Array(39_999).fill(1) }],
    ["a document over 1 MiB", "licenses/a", { note: ["x".repeat(600_000), "x".repeat(448_500)] }],
    ["a reserved id", "licenses/__a__", {}],
    ["an id of 1,501 bytes", `licenses/${"x".repeat(1501)}`, {}],
    ["a reserved field", "licenses/a", { __field__: 1 }],
    ["a field name of 1,501 bytes", "licenses/a", { ["x".repeat(1501)]: 1 }],
  ])("%s: refused", async (_, path, data) => {
    await expect(strict.db.doc(path).set(data)).rejects.toMatchObject({
      code: CODE.invalidArgument,
    });
  });

  test.each<[string, Value]>([
    ["a 21st level", Array(21).fill(0).reduce<Value>(wrapped, { integerValue: 1 })],
    ["an array in an array", { arrayValue: { values: [{ arrayValue: { values: [] } }] } }],
  ])("%s, which the client would not send: refused", (_, value) => {
    const document = { name: "a/b", collection: "a", id: "b", createTime: 1, updateTime: 1 };
    expect(() => checkDocument({ ...document, fields: { value } }, undefined)).toThrow(StatusError);
  });

  test("a commit has up to 10 MiB, and no limit of 500 writes", async () => {
    const batchOf = (count: number, bytes: number) => {
      const batch = strict.db.batch();
      for (let i = 0; i < count; i++)
        batch.set(strict.db.doc(`licenses/${i}`), { note: "x".repeat(bytes) });
      return batch.commit();
    };
    await expect(batchOf(10, 1_000_000)).resolves.toBeDefined();
    await expect(batchOf(11, 1_000_000)).rejects.toMatchObject({ code: CODE.invalidArgument });
    await expect(batchOf(600, 1)).resolves.toBeDefined();
  });

  test("a commit's 10 MiB hold the index entries that it changes, also of what it deletes", async () => {
    const list = Array.from({ length: 900 }, (_, n) => `${n}`.padStart(1_000, "x"));
    const docs = [1, 2, 3].map((n) => strict.db.doc(`licenses/listed-${n}`));
    for (const doc of docs) await doc.set({ list });
    const batchOf = (
      some: readonly FirebaseFirestore.DocumentReference[],
      write: (
        batch: FirebaseFirestore.WriteBatch,
        doc: FirebaseFirestore.DocumentReference,
      ) => unknown,
    ) => {
      const batch = strict.db.batch();
      for (const doc of some) write(batch, doc);
      return batch.commit();
    };
    const tooBig = { code: CODE.invalidArgument, message: expect.stringContaining("too big") };
    await expect(
      batchOf(docs, (batch, doc) => batch.update(doc, { note: "x" })),
    ).resolves.toBeDefined();
    await expect(batchOf(docs, (batch, doc) => batch.delete(doc))).rejects.toMatchObject(tooBig);
    await expect(
      batchOf(docs.slice(0, 2), (batch, doc) => batch.delete(doc)),
    ).resolves.toBeDefined();
  });
});

test("DELETE on the emulator path empties one database", async () => {
  await free.db.doc("a/b").set({});
  const { host } = free.double;
  const url = `http://${host}/emulator/v1/projects/demo-latchkey/databases/(default)/documents`;
  expect((await fetch(url, { method: "DELETE" })).status).toBe(200);
  expect((await free.db.doc("a/b").get()).exists).toBe(false);
});

test("the command prints its address and ends on SIGTERM", async () => {
  const child = spawn(process.execPath, [join(__dirname, "main.ts"), "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  expect(String(line)).toMatch(/^firestore double on 127\.0\.0\.1:\d+\n$/);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
