import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { collection } from "../../functions/src/store/collection.ts";
import { collections } from "../../functions/src/store/collections.ts";
import type { QueryShape } from "../../functions/src/store/document-store.ts";
import { firestoreIndexes } from "../../functions/src/store/firestore-indexes.ts";

const shape = {
  id: z.string(),
  owner: z.string(),
  state: z.string(),
  at: z.int(),
  tags: z.array(z.string()),
  expireAt: z.int(),
};

type Field = keyof typeof shape;
type Query = QueryShape & {
  equal?: readonly Field[];
  contains?: Field;
  substring?: Field;
  bound?: Field;
  order?: readonly [Field, "asc" | "desc"];
};

const things = (queries: Record<string, Query>, ttlField?: Field) =>
  collection({
    name: "things",
    idField: "id",
    shape,
    queries,
    ...(ttlField === undefined ? {} : { ttlField }),
  });

const asc = (fieldPath: Field) => ({ fieldPath, order: "ASCENDING" });
const desc = (fieldPath: Field) => ({ fieldPath, order: "DESCENDING" });
const contains = (fieldPath: Field) => ({ fieldPath, arrayConfig: "CONTAINS" });

describe("composite indexes", () => {
  test.each<[string, Query, object[] | undefined]>([
    ["no condition", {}, undefined],
    ["one equality", { equal: ["owner"] }, undefined],
    ["an order", { order: ["at", "asc"] }, undefined],
    ["contains", { contains: "tags" }, undefined],
    ["two equalities", { equal: ["owner", "state"] }, [asc("owner"), asc("state")]],
    ["equality, ascending", { equal: ["owner"], order: ["at", "asc"] }, [asc("owner"), asc("at")]],
    [
      "equality, descending",
      { equal: ["owner"], order: ["at", "desc"] },
      [asc("owner"), desc("at")],
    ],
    [
      "contains with an order",
      { contains: "tags", order: ["at", "desc"] },
      [contains("tags"), desc("at")],
    ],
    [
      "everything",
      { equal: ["state", "owner"], contains: "tags", order: ["at", "desc"] },
      [contains("tags"), asc("state"), asc("owner"), desc("at")],
    ],
    [
      "a part of a text",
      { equal: ["state"], substring: "owner", order: ["at", "desc"], bound: "expireAt" },
      [
        { fieldPath: "ownerParts", arrayConfig: "CONTAINS" },
        asc("state"),
        desc("at"),
        desc("expireAt"),
      ],
    ],
  ])("%s", (_, query, fields) => {
    expect(firestoreIndexes([things({ query })]).indexes).toEqual(
      fields ? [{ collectionGroup: "things", queryScope: "COLLECTION", fields }] : [],
    );
  });

  test("queries with the same fields share one", () => {
    const query: Query = { equal: ["owner"], order: ["at", "asc"] };
    expect(firestoreIndexes([things({ one: query, two: query })]).indexes).toHaveLength(1);
  });
});

describe("field overrides", () => {
  const nothing = { collectionGroup: "things", fieldPath: "*", indexes: [] };
  const override = (fieldPath: Field, ...modes: object[]) => ({
    collectionGroup: "things",
    fieldPath,
    indexes: modes.map((mode) => ({ queryScope: "COLLECTION", ...mode })),
  });
  const ascending = { order: "ASCENDING" };
  const descending = { order: "DESCENDING" };

  test.each<[string, Record<string, Query>, object[]]>([
    ["nothing is indexed unasked", {}, []],
    ["one equality", { one: { equal: ["owner"] } }, [override("owner", ascending)]],
    ["ascending order", { one: { order: ["at", "asc"] } }, [override("at", ascending)]],
    ["descending order", { one: { order: ["at", "desc"] } }, [override("at", descending)]],
    ["contains", { one: { contains: "tags" } }, [override("tags", { arrayConfig: "CONTAINS" })]],
    [
      "both directions of one field",
      { one: { order: ["at", "desc"] }, two: { order: ["at", "asc"] }, three: { equal: ["at"] } },
      [override("at", ascending, descending)],
    ],
    ["a composite index needs none", { one: { equal: ["owner", "state"] } }, []],
  ])("%s", (_, queries, expected) => {
    const { fieldOverrides } = firestoreIndexes([things(queries)]);
    expect(fieldOverrides).toEqual([nothing, ...expected]);
  });

  test("a TTL field has its policy and no index", () => {
    const { fieldOverrides } = firestoreIndexes([things({}, "expireAt")]);
    expect(fieldOverrides).toEqual([nothing, { ...override("expireAt"), ttl: true }]);
  });

  test("a TTL field that is queried has both", () => {
    const queries = { due: { order: ["expireAt", "asc"] } } as const;
    const { fieldOverrides } = firestoreIndexes([things(queries, "expireAt")]);
    expect(fieldOverrides).toEqual([nothing, { ...override("expireAt", ascending), ttl: true }]);
  });
});

test("the order of declarations does not matter", () => {
  const one = { equal: ["owner"], order: ["at", "asc"] } as const;
  const two = { equal: ["state"], order: ["at", "asc"] } as const;
  const other = { ...things({}), name: "others" };
  expect(firestoreIndexes([things({ two, one }), other])).toEqual(
    firestoreIndexes([other, things({ one, two })]),
  );
});

test("Firestore's limit of 200 field configurations is not near", () => {
  expect(firestoreIndexes(collections).fieldOverrides.length).toBeLessThan(180);
});

test("firestore.indexes.json follows the declared collections", () => {
  const file = readFileSync(join(__dirname, "../../firestore.indexes.json"), "utf8");
  const stale = file !== `${JSON.stringify(firestoreIndexes(collections), undefined, 2)}\n`;
  if (stale) throw new Error("firestore.indexes.json is stale: run `npm run generate`");
});
