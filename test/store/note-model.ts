import fc from "fast-check";
import type { AnyConditions, QueryShape, Range } from "../../functions/src/store/document-store.ts";
import { type Note, notes } from "./contract-collections.ts";

export const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const modelIds = ["a", "b", "c", "d", "é", "～", "🦀"];
const anyId = fc.constantFrom(...modelIds);
const words = ["", "x", "y", "yy", "～", "🦀"];

const anyWord = fc.string({ unit: "binary", maxLength: 3 });

const modelFields = {
  owner: fc.constantFrom("ann", "bob"),
  state: fc.constantFrom("draft", "done"),
  pinned: fc.boolean(),
  rank: fc.option(fc.constantFrom(-5, 0, 1, 2, 10, Number.MAX_SAFE_INTEGER)),
  title: fc.oneof(fc.constantFrom(...words), anyWord),
  tags: fc.array(fc.constantFrom(...words), { maxLength: 3 }),
  expireAt: fc.option(fc.integer({ min: 0, max: 3 })),
  details: fc.record(
    { pages: fc.nat(9), subtitle: fc.string() },
    { requiredKeys: ["pages"], noNullPrototype: true },
  ),
} as const;

const anyNote = fc.record(
  { id: anyId, ...modelFields },
  { noNullPrototype: true },
) as fc.Arbitrary<Note>;
const anyPatch = fc
  .record(modelFields, { requiredKeys: [], noNullPrototype: true })
  .filter((patch) => Object.keys(patch).length > 0) as fc.Arbitrary<Partial<Note>>;

/** A write without its collection, which would fill a counterexample with the codec. */
export type Change =
  | { kind: "create" | "set"; record: Note }
  | { kind: "update"; id: string; patch: Partial<Note> }
  | { kind: "delete"; id: string };

const change = <K extends Change["kind"]>(kind: K) => fc.constant(kind);
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: change("create"), record: anyNote }),
  { arbitrary: fc.record({ kind: change("set"), record: anyNote }), weight: 3 },
  fc.record({ kind: change("update"), id: anyId, patch: anyPatch }),
  fc.record({ kind: change("delete"), id: anyId }),
);
/** One commit. */
export const anyStep = fc.array(anyChange, { minLength: 1, maxLength: 4 });

/** Commits to the model, or names the error and leaves it. */
export function applyToModel(
  model: Map<string, Note>,
  changes: readonly Change[],
): string | undefined {
  const next = new Map(model);
  for (const change of changes) {
    if (change.kind === "delete") next.delete(change.id);
    else if (change.kind === "update") {
      const old = next.get(change.id);
      if (!old) return "MissingDocumentError";
      next.set(change.id, { ...old, ...change.patch });
    } else {
      const { record } = change;
      if (change.kind === "create" && next.has(record.id)) return "AlreadyExistsError";
      next.set(record.id, record);
    }
  }
  model.clear();
  for (const [id, record] of next) model.set(id, record);
  return undefined;
}

type QueryName = keyof typeof notes.queries;

/** What a field may be compared with. */
const scalarOf = (field: string): fc.Arbitrary<unknown> =>
  field === "tags" ? fc.constantFrom(...words) : modelFields[field as keyof typeof modelFields];

const conditionsOf = (shape: QueryShape): fc.Arbitrary<AnyConditions> => {
  const comparable = (field: string) => scalarOf(field).filter((value) => value !== null);
  const one = (field: string) =>
    fc.oneof(scalarOf(field), fc.array(comparable(field), { maxLength: 3 }));
  const range = shape.order
    ? fc.record(
        { gt: comparable(shape.order[0]), lte: comparable(shape.order[0]) },
        { requiredKeys: [] },
      )
    : undefined;
  return fc.record({
    ...(shape.equal
      ? { equal: fc.record(Object.fromEntries(shape.equal.map((field) => [field, one(field)]))) }
      : {}),
    ...(shape.contains ? { contains: scalarOf(shape.contains) } : {}),
    ...(shape.substring ? { substring: fc.oneof(fc.constantFrom(...words), anyWord) } : {}),
    ...(range ? { range } : {}),
    ...(shape.bound
      ? {
          bound: fc.record(
            { gt: comparable(shape.bound), lte: comparable(shape.bound) },
            { requiredKeys: [] },
          ),
        }
      : {}),
  }) as fc.Arbitrary<AnyConditions>;
};

const anyProbe = fc.constantFrom(...(Object.keys(notes.queries) as QueryName[])).chain((name) =>
  fc.record({
    name: fc.constant(name),
    ask: conditionsOf(notes.queries[name]),
    limit: fc.integer({ min: 1, max: 8 }),
  }),
);
export const anyProbes = fc.array(anyProbe, { minLength: 1, maxLength: 8 });

function compareValues(a: unknown, b: unknown): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === "string" && typeof b === "string") return byBytes(a, b);
  return Number(a) - Number(b);
}

export function queryModel(
  model: Map<string, Note>,
  shape: QueryShape,
  ask: AnyConditions,
): Note[] {
  const fieldsOf = (record: Note) => record as unknown as Record<string, unknown>;
  const matching = [...model.values()].filter((record) => {
    const fields = fieldsOf(record);
    const equal = Object.entries(ask.equal ?? {}).every(([field, wanted]) =>
      Array.isArray(wanted) ? wanted.includes(fields[field] as never) : fields[field] === wanted,
    );
    const contains =
      shape.contains === undefined || (fields[shape.contains] as unknown[]).includes(ask.contains);
    const found =
      shape.substring === undefined ||
      String(fields[shape.substring]).includes(ask.substring ?? "");
    const within = (field: string | undefined, { gt, lte }: Range = {}) => {
      const value = field === undefined ? undefined : fields[field];
      const above = gt === undefined || (value !== null && compareValues(value, gt) > 0);
      return above && (lte === undefined || (value !== null && compareValues(value, lte) <= 0));
    };
    const inRanges = within(shape.order?.[0], ask.range) && within(shape.bound, ask.bound);
    return equal && contains && found && inRanges;
  });
  const [field, direction] = shape.order ?? ["id", "asc"];
  const sorted = matching.sort(
    (a, b) =>
      compareValues(fieldsOf(a)[field], fieldsOf(b)[field]) ||
      (shape.bound ? compareValues(fieldsOf(a)[shape.bound], fieldsOf(b)[shape.bound]) : 0) ||
      byBytes(a.id, b.id),
  );
  return direction === "desc" ? sorted.reverse() : sorted;
}
