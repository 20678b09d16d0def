import { Firestore, Timestamp, Transaction } from "firebase-admin/firestore";
import {
  AlreadyExistsError,
  MissingDocumentError,
  StoreUnavailableError,
} from "../../functions/src/store/document-store.ts";
import { firestoreStore } from "../../functions/src/store/firestore.ts";
import { firestoreIndexes } from "../../functions/src/store/firestore-indexes.ts";
import { startFirestoreDouble } from "../support/firestore-double/server.ts";
import { contractCollections, counters, note, notes } from "./contract-collections.ts";
import { describeDocumentStore, describeSharedStore } from "./document-store.contract.ts";

const emulatorHost = process.env.FIRESTORE_EMULATOR_HOST;
// The client would send the suite over the double there too.
delete process.env.FIRESTORE_EMULATOR_HOST;
process.env.METADATA_SERVER_DETECTION = "none";

let double: Awaited<ReturnType<typeof startFirestoreDouble>>;

beforeAll(async () => {
  double = await startFirestoreDouble({ indexes: firestoreIndexes(contractCollections) });
});

afterAll(() => double.close());

const run = Date.now().toString(36);
let projects = 0;

/** A project nobody else uses is an empty database. */
const newProject = () => `demo-${run}-${++projects}`;

const connect = (host: string, projectId: string) => new Firestore({ projectId, host, ssl: false });

function describeFirestore(name: string, host: () => string): void {
  describeDocumentStore(name, async () => {
    const store = firestoreStore(connect(host(), newProject()));
    return { store, close: () => store.close() };
  });

  describeSharedStore(name, async () => {
    const projectId = newProject();
    const store = firestoreStore(connect(host(), projectId));
    const second = firestoreStore(connect(host(), projectId));
    return {
      store,
      second,
      close: async () => {
        await store.close();
        await second.close();
      },
    };
  });
}

describeFirestore("Firestore's client against the double", () => double.host);

if (emulatorHost) describeFirestore(`Firestore's emulator at ${emulatorHost}`, () => emulatorHost);
else test.skip("Firestore's emulator: not run, FIRESTORE_EMULATOR_HOST is not set", () => {});

describe("the Firestore engine", () => {
  let firestore: Firestore;
  let store: ReturnType<typeof firestoreStore>;

  beforeEach(() => {
    firestore = connect(double.host, newProject());
    store = firestoreStore(firestore);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await store.close();
  });

  const failure = (code: number) => Object.assign(new Error("from the server"), { code });

  test("stores the TTL field as a timestamp and other instants as numbers", async () => {
    const record = note("a", { expireAt: 1_790_000_000_123, rank: 5 });
    await store.commit([{ kind: "create", collection: notes, record }]);
    const stored = await firestore.doc("notes/a").get();
    expect(stored.get("expireAt")).toEqual(Timestamp.fromMillis(1_790_000_000_123));
    expect(stored.get("rank")).toBe(5);
    expect(stored.get("id")).toBeUndefined();
  });

  test("a query with no index in firestore.indexes.json is refused by the server", async () => {
    await expect(firestore.collection("notes").orderBy("comment").get()).rejects.toMatchObject({
      code: 9,
    });
  });

  test("getMany is one call, and none when there is nothing to find", async () => {
    const getAll = jest.spyOn(firestore, "getAll");
    await store.getMany(notes, ["a", "b", "a"]);
    expect(getAll).toHaveBeenCalledTimes(1);
    expect(getAll.mock.calls[0]).toHaveLength(2);
    await store.getMany(notes, []);
    await store.get(notes, "a/b");
    expect(getAll).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["CANCELLED", 1],
    ["UNKNOWN", 2],
    ["DEADLINE_EXCEEDED", 4],
    ["RESOURCE_EXHAUSTED", 8],
    ["ABORTED", 10],
    ["INTERNAL", 13],
    ["UNAVAILABLE", 14],
  ])("%s becomes StoreUnavailableError with its cause", async (_, code) => {
    const cause = failure(code);
    jest.spyOn(firestore, "getAll").mockRejectedValue(cause);
    jest.spyOn(firestore, "runTransaction").mockRejectedValue(cause);
    const unavailable = expect.objectContaining({ name: "StoreUnavailableError", cause });
    await expect(store.get(notes, "a")).rejects.toEqual(unavailable);
    await expect(store.transaction(async () => 1)).rejects.toEqual(unavailable);
  });

  test.each([
    ["INVALID_ARGUMENT", 3],
    ["PERMISSION_DENIED", 7],
    ["FAILED_PRECONDITION", 9],
    ["UNAUTHENTICATED", 16],
  ])("%s is a mistake of ours and stays what it is", async (_, code) => {
    const error = failure(code);
    jest.spyOn(firestore, "getAll").mockRejectedValue(error);
    await expect(store.get(notes, "a")).rejects.toBe(error);
  });

  test("the server's refusal is the cause of a failed precondition", async () => {
    await store.commit([{ kind: "create", collection: counters, record: { name: "a", value: 1 } }]);
    const exists = store.commit([
      { kind: "create", collection: counters, record: { name: "a", value: 1 } },
    ]);
    await expect(exists).rejects.toThrow(AlreadyExistsError);
    await expect(exists).rejects.toMatchObject({ cause: { code: 6 } });
    const missing = store.commit([
      { kind: "update", collection: counters, id: "b", patch: { value: 1 } },
    ]);
    await expect(missing).rejects.toThrow(MissingDocumentError);
    await expect(missing).rejects.toMatchObject({ cause: { code: 5 } });
  });

  test("a read that failed runs the body again, whatever the body made of it", async () => {
    jest.spyOn(Transaction.prototype, "getAll").mockRejectedValueOnce(failure(10));
    let runs = 0;
    const result = await store.transaction(async (tx) => {
      runs++;
      return tx.get(notes, "a").catch(() => "swallowed");
    });
    expect(result).toBeUndefined();
    expect(runs).toBe(2);
  });

  test("a read that cannot be retried fails the transaction", async () => {
    jest.spyOn(Transaction.prototype, "getAll").mockRejectedValue(failure(7));
    await expect(store.transaction((tx) => tx.get(notes, "a"))).rejects.toMatchObject({ code: 7 });
    await expect(store.transaction((tx) => tx.get(notes, "a"))).rejects.not.toThrow(
      StoreUnavailableError,
    );
  });
});
