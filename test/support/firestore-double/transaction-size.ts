import { lastSegment, type StoredDocument } from "./documents.ts";
import { getField, joinFieldPath, parseFieldPath } from "./field-paths.ts";
import type { IndexRules } from "./index-rules.ts";
import { fieldsSize, nameSize, valueSize } from "./limits.ts";
import type { Fields, Value } from "./proto.ts";
import { elementsOf } from "./values.ts";

/** What every index entry takes besides its values and the document's name. */
const ENTRY_BYTES = 32;

type Entries = Map<string, number>;

const valuesOf = (value: Value | undefined, mode: string): readonly Value[] =>
  value === undefined ? [] : mode === "CONTAINS" ? elementsOf(value) : [value];

function addEntry(entries: Entries, index: string, values: readonly Value[], nameBytes: number) {
  const bytes = values.reduce((sum, value) => sum + valueSize(value), nameBytes + ENTRY_BYTES);
  entries.set(`${index} ${JSON.stringify(values)}`, bytes);
}

function addSingleFieldEntries(
  entries: Entries,
  { group, fields, parent }: { group: string; fields: Fields; parent: string },
  rules: IndexRules,
  nameBytes: number,
): void {
  for (const [name, value] of Object.entries(fields)) {
    const path = joinFieldPath(parent, name);
    for (const { mode } of rules.singleFieldIndexesOf(group, path))
      for (const each of valuesOf(value, mode))
        addEntry(entries, `${path} ${mode}`, [each], nameBytes + Buffer.byteLength(name) + 1);
    const inner = value.mapValue?.fields;
    if (inner)
      addSingleFieldEntries(entries, { group, fields: inner, parent: path }, rules, nameBytes);
  }
}

/** The index entries of a document with their sizes, by what tells them apart. */
function entriesOf(document: StoredDocument | undefined, rules: IndexRules): Entries {
  const entries: Entries = new Map();
  if (!document) return entries;
  const { name, fields, collection } = document;
  const group = lastSegment(collection);
  const nameBytes = nameSize(name);
  addSingleFieldEntries(entries, { group, fields, parent: "" }, rules, nameBytes);
  for (const [number, index] of rules.compositesOf(group).entries()) {
    const combinations = index.fields.reduce<readonly (readonly Value[])[]>(
      (known, { path, mode }) => {
        const values = valuesOf(getField(fields, parseFieldPath(path)), mode);
        return known.flatMap((before) => values.map((value) => [...before, value]));
      },
      [[]],
    );
    for (const values of combinations) addEntry(entries, `${number}`, values, nameBytes);
  }
  return entries;
}

const leftOut = (of: Entries, others: Entries): number =>
  [...of].reduce((sum, [entry, bytes]) => (others.has(entry) ? sum : sum + bytes), 0);

/** The same entries' size together, without telling them apart: duplicates count. */
function bytesOfEntries(document: StoredDocument | undefined, rules: IndexRules): number {
  if (!document) return 0;
  const { name, fields, collection } = document;
  const group = lastSegment(collection);
  const nameBytes = nameSize(name);
  const single: Entries = new Map();
  addSingleFieldEntries(single, { group, fields, parent: "" }, rules, nameBytes);
  let bytes = [...single.values()].reduce((sum, own) => sum + own, 0);
  for (const index of rules.compositesOf(group)) {
    let [count, values] = [1, 0];
    for (const { path, mode } of index.fields) {
      const own = valuesOf(getField(fields, parseFieldPath(path)), mode);
      const size = own.reduce((sum, value) => sum + valueSize(value), 0);
      values = values * own.length + size * count;
      count *= own.length;
    }
    bytes += values + count * (nameBytes + ENTRY_BYTES);
  }
  return bytes;
}

type Change = {
  readonly before: StoredDocument | undefined;
  readonly after: StoredDocument | undefined;
};

const ownBytes = ({ before, after }: Change): number => {
  const document = after ?? before;
  return document ? nameSize(document.name) + fieldsSize(document.fields) : 0;
};

/** Whether the documents of a transaction, with the index entries that it changes, are larger than `most` bytes. */
export function isLarger(changes: readonly Change[], most: number, rules: IndexRules): boolean {
  const sum = (bytesOf: (change: Change) => number) =>
    changes.reduce((bytes, change) => bytes + ownBytes(change) + bytesOf(change), 0);
  const atMost = sum(
    ({ before, after }) => bytesOfEntries(before, rules) + bytesOfEntries(after, rules),
  );
  if (atMost <= most) return false;
  const exactly = sum(({ before, after }) => {
    const [old, fresh] = [entriesOf(before, rules), entriesOf(after, rules)];
    return leftOut(old, fresh) + leftOut(fresh, old);
  });
  return exactly > most;
}
