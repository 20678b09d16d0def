import { lastSegment, type StoredDocument } from "./documents.ts";
import { getField, joinFieldPath, parseFieldPath } from "./field-paths.ts";
import type { IndexRules } from "./index-rules.ts";
import type { Fields, Value } from "./proto.ts";
import { invalid } from "./status-error.ts";
import { bytesOf, elementsOf, RANK, rankOf } from "./values.ts";

/**
 * Sources: [Q] cloud.google.com/firestore/quotas, [D] …/docs/query-data/queries (disjunctions, not-in),
 * [T] …/docs/manage-data/transactions (why transactions fail).
 */
export const LIMITS = {
  /** [Q] Maximum API request size: 10 MiB. */
  requestBytes: 10 * 1024 * 1024,
  /** [T] The documents of a transaction and the index entries that it changes: 10 MiB. */
  transactionBytes: 10 * 1024 * 1024,
  /** [Q] Maximum size for a document: 1 MiB. */
  documentBytes: 1_048_576,
  /** [Q] Maximum size of a field value: 1 MiB - 89 bytes. */
  fieldValueBytes: 1_048_487,
  /** [Q] Maximum size for a document name: 6 KiB. */
  nameBytes: 6 * 1024,
  /** [Q] Constraints on collection and document ids, field names and field paths: 1,500 bytes. */
  idBytes: 1500,
  /** [Q] Maximum depth of fields in a map or array: 20. */
  depth: 20,
  /** [Q] Maximum depth of subcollections: 100. */
  collectionDepth: 100,
  /** [Q] Field transformations on one document in a commit: 500. */
  transformsPerDocument: 500,
  /** [Q] Maximum number of index entries for each document: 40,000. */
  indexEntries: 40_000,
  /** [Q] Maximum size of an indexed field value: 1,500 bytes; longer ones would be truncated and found wrongly. */
  indexedValueBytes: 1500,
  /** [D] A query has up to 30 disjunctions, `in` and `array-contains-any` included. */
  disjunctions: 30,
  /** [D] `not-in` supports up to 10 comparison values. */
  notInValues: 10,
} as const;

const RESERVED = /^__.*__$/s;
const DOCUMENT_NAME = /^projects\/[^/]+\/databases\/[^/]+\/documents((?:\/[^/]+\/[^/]+)+)$/;

const utf8 = (text: string) => Buffer.byteLength(text);

export function checkDocumentName(name: string): void {
  const path = DOCUMENT_NAME.exec(name)?.[1]?.slice(1);
  if (path === undefined) throw invalid(`Document name "${name}" is invalid.`);
  if (utf8(name) > LIMITS.nameBytes) throw invalid("A document name is longer than 6 KiB.");
  const ids = path.split("/");
  if (ids.length > 2 * LIMITS.collectionDepth) throw invalid("Subcollections nest too deep.");
  for (const id of ids) {
    if (id === "." || id === "..") throw invalid(`Resource id "${id}" is invalid.`);
    if (RESERVED.test(id)) throw invalid(`Resource id "${id}" is invalid because it is reserved.`);
    if (utf8(id) > LIMITS.idBytes)
      throw invalid(`Resource id "${id.slice(0, 40)}…" is longer than ${LIMITS.idBytes} bytes.`);
  }
}

const stringSize = (text: string) => utf8(text) + 1;

/** Sizes follow cloud.google.com/firestore/docs/storage-size; a map counts its 32 bytes like a document. */
export const nameSize = (name: string) =>
  name
    .split("/")
    .slice(5)
    .reduce((sum, segment) => sum + stringSize(segment), 16);

export const fieldsSize = (fields: Fields): number =>
  Object.entries(fields).reduce(
    (sum, [name, value]) => sum + stringSize(name) + valueSize(value),
    32,
  );

export function valueSize(value: Value): number {
  switch (rankOf(value)) {
    case RANK.null:
    case RANK.boolean:
      return 1;
    case RANK.number:
    case RANK.timestamp:
      return 8;
    case RANK.geoPoint:
      return 16;
    case RANK.string:
      return stringSize(value.stringValue ?? "");
    case RANK.bytes:
      return bytesOf(value).length;
    case RANK.reference:
      return nameSize(value.referenceValue ?? "");
    case RANK.array:
      return elementsOf(value).reduce((sum, element) => sum + valueSize(element), 0);
    case RANK.map:
      return fieldsSize(value.mapValue?.fields ?? {});
  }
}

function checkValue(value: Value, path: string, depth: number): void {
  if (!value.arrayValue && !value.mapValue) return;
  if (depth > LIMITS.depth) throw invalid(`"${path}" nests deeper than ${LIMITS.depth} levels.`);
  for (const element of elementsOf(value)) {
    if (element.arrayValue) throw invalid(`Nested arrays are not allowed ("${path}").`);
    checkValue(element, path, depth + 1);
  }
  checkFields(value.mapValue?.fields ?? {}, path, depth + 1);
}

function checkFields(fields: Fields, parent: string, depth: number): void {
  for (const [name, value] of Object.entries(fields)) {
    const path = joinFieldPath(parent, name);
    if (name === "") throw invalid("A field name is empty.");
    if (RESERVED.test(name)) throw invalid(`Field name "${name}" is reserved.`);
    if (utf8(name) > LIMITS.idBytes || utf8(path) > LIMITS.idBytes)
      throw invalid(`A field path is longer than ${LIMITS.idBytes} bytes.`);
    checkValue(value, path, depth);
  }
}

const isOversized = (value: Value) =>
  utf8(value.stringValue ?? "") > LIMITS.indexedValueBytes ||
  (value.bytesValue != null && bytesOf(value).length > LIMITS.indexedValueBytes);

function checkIndexedValue(value: Value, path: string, modes: ReadonlySet<string>): void {
  const oversized =
    ((modes.has("ASCENDING") || modes.has("DESCENDING")) && isOversized(value)) ||
    (modes.has("CONTAINS") && elementsOf(value).some(isOversized));
  if (oversized)
    throw invalid(
      `The value of property "${path}" is longer than ${LIMITS.indexedValueBytes} bytes and indexed.`,
    );
}

function singleFieldEntries(group: string, fields: Fields, parent: string, rules: IndexRules) {
  let entries = 0;
  for (const [name, value] of Object.entries(fields)) {
    const path = joinFieldPath(parent, name);
    const modes = rules.singleFieldIndexesOf(group, path).map((index) => index.mode);
    checkIndexedValue(value, path, new Set(modes));
    for (const mode of modes) entries += mode === "CONTAINS" ? elementsOf(value).length : 1;
    entries += singleFieldEntries(group, value.mapValue?.fields ?? {}, path, rules);
  }
  return entries;
}

function compositeEntries(group: string, fields: Fields, rules: IndexRules): number {
  let entries = 0;
  for (const index of rules.compositesOf(group)) {
    let own = 1;
    for (const { path, mode } of index.fields) {
      const value = getField(fields, parseFieldPath(path));
      if (value) checkIndexedValue(value, path, new Set([mode]));
      own *= value ? (mode === "CONTAINS" ? elementsOf(value).length : 1) : 0;
    }
    entries += own;
  }
  return entries;
}

/** Without rules the index limits do not apply: nothing says which fields are exempt. */
export function checkDocument(document: StoredDocument, rules: IndexRules | undefined): void {
  const { name, fields, collection } = document;
  checkFields(fields, "", 1);
  for (const [field, value] of Object.entries(fields))
    if (valueSize(value) > LIMITS.fieldValueBytes)
      throw invalid(`The value of property "${field}" is longer than 1048487 bytes.`);
  if (nameSize(name) + fieldsSize(fields) > LIMITS.documentBytes)
    throw invalid(`Document "${name}" exceeds the maximum size of 1,048,576 bytes.`);
  if (!rules) return;
  const group = lastSegment(collection);
  const entries =
    singleFieldEntries(group, fields, "", rules) + compositeEntries(group, fields, rules);
  if (entries > LIMITS.indexEntries)
    throw invalid(`Document "${name}" has ${entries} index entries; 40,000 are allowed.`);
}
