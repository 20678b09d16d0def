import { z } from "zod";
import { collection } from "../../functions/src/store/collection.ts";
import type { Collection } from "../../functions/src/store/document-store.ts";

const noteShape = {
  id: z.string(),
  owner: z.string(),
  state: z.enum(["draft", "done"]),
  pinned: z.boolean(),
  rank: z.int().nullable(),
  title: z.string(),
  tags: z.array(z.string()),
  expireAt: z.int().nullable(),
  details: z.object({ pages: z.int(), subtitle: z.string().optional() }),
  comment: z.string().optional(),
};

export const notes = collection({
  name: "notes",
  idField: "id",
  ttlField: "expireAt",
  shape: noteShape,
  queries: {
    all: {},
    byOwner: { equal: ["owner"] },
    byOwnerAndState: { equal: ["owner", "state"] },
    byPin: { equal: ["pinned"] },
    byRank: { equal: ["rank"] },
    byExpiry: { equal: ["expireAt"] },
    ranked: { order: ["rank", "asc"] },
    rankedDown: { order: ["rank", "desc"] },
    ownedRanked: { equal: ["owner"], order: ["rank", "asc"] },
    ownedRankedDown: { equal: ["owner"], order: ["rank", "desc"] },
    titled: { order: ["title", "asc"] },
    titledDown: { order: ["title", "desc"] },
    due: { order: ["expireAt", "asc"] },
    tagged: { contains: "tags" },
    ownedTagged: { equal: ["owner"], contains: "tags" },
    taggedUp: { contains: "tags", order: ["rank", "asc"] },
    taggedTitled: { contains: "tags", order: ["title", "desc"] },
    titledPart: { substring: "title" },
    titledPartUp: { substring: "title", order: ["title", "asc"] },
    ownedPart: { equal: ["owner"], substring: "title", order: ["rank", "desc"] },
    ownedPartBound: {
      equal: ["owner", "state", "pinned"],
      substring: "title",
      order: ["rank", "desc"],
      bound: "expireAt",
    },
    partBound: { equal: ["rank"], substring: "title", order: ["owner", "asc"], bound: "expireAt" },
    taggedRanked: { equal: ["state"], contains: "tags", order: ["rank", "desc"] },
  },
});

export const counters = collection({
  name: "counters",
  idField: "name",
  shape: { name: z.string(), value: z.int() },
  queries: {},
});

export const contractCollections = [notes, counters] as const;

/** The same documents as a newer version and as nobody in particular would write them. */
export const newerNotes = collection({
  name: "notes",
  idField: "id",
  ttlField: "expireAt",
  shape: { ...noteShape, colour: z.string() },
  queries: { titledPart: { substring: "title" } },
});
export const anyNotes = collection({
  name: "notes",
  idField: "id",
  shape: { id: z.string() },
  queries: {},
});

type RecordOf<C> = C extends Collection<infer T, infer _> ? T : never;
export type Note = RecordOf<typeof notes>;

export const note = (id: string, fields: Partial<Note> = {}): Note => ({
  id,
  owner: "ann",
  state: "draft",
  pinned: false,
  rank: 0,
  title: "",
  tags: [],
  expireAt: null,
  details: { pages: 1 },
  ...fields,
});
