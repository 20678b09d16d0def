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

/** What one document's change adds to the size of its transaction. */
export function modifiedBytes(
  before: StoredDocument | undefined,
  after: StoredDocument | undefined,
  rules: IndexRules,
): number {
  const document = after ?? before;
  if (!document) return 0;
  const [old, fresh] = [entriesOf(before, rules), entriesOf(after, rules)];
  const own = nameSize(document.name) + fieldsSize(document.fields);
  return own + leftOut(old, fresh) + leftOut(fresh, old);
}
