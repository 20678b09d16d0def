import { status } from "@grpc/grpc-js";
import { type Changes, type DocumentReader, type StoredDocument, splitName } from "./documents.ts";
import { getField, parseFieldPath, withField } from "./field-paths.ts";
import type { IndexRules } from "./index-rules.ts";
import { checkDocument, checkDocumentName, LIMITS } from "./limits.ts";
import {
  type Fields,
  type Micros,
  type Precondition,
  toMicros,
  toTimestamp,
  type Value,
  type Write,
  type WriteResult,
} from "./proto.ts";
import { invalid, StatusError, unimplemented } from "./status-error.ts";
import { isLarger } from "./transaction-size.ts";
import { transformField } from "./transforms.ts";

export function nameOf(write: Write): string {
  const name = write.update?.name ?? write.delete;
  if (!name) throw unimplemented("a write that is neither an update nor a delete");
  return name;
}

function checkPrecondition(
  name: string,
  current: StoredDocument | undefined,
  precondition: Precondition | null | undefined,
): void {
  if (precondition?.updateTime) {
    const wanted = toMicros(precondition.updateTime);
    if (current?.updateTime === wanted) return;
    const found = current?.updateTime ?? "absent";
    throw new StatusError(
      status.FAILED_PRECONDITION,
      `The stored version of ${name} (${found}) does not match the required one (${wanted}).`,
    );
  }
  if (precondition?.exists === true && !current)
    throw new StatusError(status.NOT_FOUND, `No document to update: ${name}`);
  if (precondition?.exists === false && current)
    throw new StatusError(status.ALREADY_EXISTS, `Document already exists: ${name}`);
}

/** Times are kept to the microsecond. */
function stored(value: Value): Value {
  if (value.timestampValue) {
    const nanos = value.timestampValue.nanos ?? 0;
    return { timestampValue: { ...value.timestampValue, nanos: nanos - (nanos % 1000) } };
  }
  if (value.arrayValue)
    return { arrayValue: { values: (value.arrayValue.values ?? []).map(stored) } };
  if (value.mapValue) return { mapValue: { fields: storedFields(value.mapValue.fields ?? {}) } };
  return value;
}

const storedFields = (fields: Fields): Record<string, Value> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, stored(value)]));

function updatedFields(write: Write, current: Fields): Fields {
  const incoming = storedFields(write.update?.fields ?? {});
  if (!write.updateMask) return incoming;
  return (write.updateMask.fieldPaths ?? [])
    .map(parseFieldPath)
    .reduce<Fields>(
      (fields, segments) => withField(fields, segments, getField(incoming, segments)),
      current,
    );
}

function transformedFields(write: Write, before: Fields, at: Micros) {
  const transforms = write.updateTransforms ?? [];
  if (transforms.length > LIMITS.transformsPerDocument)
    throw invalid(`A write has more than ${LIMITS.transformsPerDocument} field transforms.`);
  let fields = before;
  const results = transforms.map((transform) => {
    const segments = parseFieldPath(transform.fieldPath ?? "");
    const { value, result } = transformField(transform, getField(fields, segments), at);
    fields = withField(fields, segments, value);
    return result;
  });
  return { fields, results };
}

type Staged = {
  readonly changes: Changes;
  readonly results: readonly WriteResult[];
};

type Staging = {
  readonly writes: readonly Write[];
  readonly documents: DocumentReader;
  readonly at: Micros;
  readonly rules: IndexRules | undefined;
};

/** What the writes would do, one after the other; throws when one may not be done. */
export function stageWrites({ writes, documents, at, rules }: Staging): Staged {
  const changes = new Map<string, StoredDocument | undefined>();
  const results = writes.map((write): WriteResult => {
    const name = nameOf(write);
    checkDocumentName(name);
    const current = changes.has(name) ? changes.get(name) : documents.get(name);
    checkPrecondition(name, current, write.currentDocument);
    if (write.delete) {
      changes.set(name, undefined);
      return {};
    }
    const updated = updatedFields(write, current?.fields ?? {});
    const { fields, results: transformResults } = transformedFields(write, updated, at);
    const next = {
      name,
      ...splitName(name),
      fields,
      createTime: current?.createTime ?? at,
      updateTime: at,
    };
    checkDocument(next, rules);
    changes.set(name, next);
    return { updateTime: toTimestamp(at), transformResults };
  });
  checkSize(changes, documents, rules);
  return { changes, results };
}

/** Without rules nothing says which index entries a change makes. */
function checkSize(changes: Changes, documents: DocumentReader, rules: IndexRules | undefined) {
  if (!rules) return;
  const changed = [...changes].map(([name, after]) => ({ before: documents.get(name), after }));
  if (isLarger(changed, LIMITS.transactionBytes, rules))
    throw invalid("Transaction too big. Decrease transaction size.");
}
