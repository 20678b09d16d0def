import type { google } from "@google-cloud/firestore-api/build/protos/protos";
import protos from "@google-cloud/firestore-api/build/protos/protos";

export const v1 = protos.google.firestore.v1;
export const Empty = protos.google.protobuf.Empty;

export type Value = google.firestore.v1.IValue;
export type Fields = Readonly<Record<string, Value>>;
export type Write = google.firestore.v1.IWrite;
export type WriteResult = google.firestore.v1.IWriteResult;
export type Precondition = google.firestore.v1.IPrecondition;
export type FieldTransform = google.firestore.v1.DocumentTransform.IFieldTransform;
export type ProtoDocument = google.firestore.v1.IDocument;
export type DocumentMask = google.firestore.v1.IDocumentMask;
export type TransactionOptions = google.firestore.v1.ITransactionOptions;
export type StructuredQuery = google.firestore.v1.IStructuredQuery;
export type ProtoFilter = google.firestore.v1.StructuredQuery.IFilter;
export type ProtoCursor = google.firestore.v1.ICursor;
export type Aggregation = google.firestore.v1.StructuredAggregationQuery.IAggregation;
export type Timestamp = google.protobuf.ITimestamp;

/** Microseconds since the epoch, the resolution of stored times. */
export type Micros = number;

export function toTimestamp(time: Micros): Timestamp {
  const seconds = Math.floor(time / 1e6);
  return { seconds, nanos: (time - seconds * 1e6) * 1000 };
}

export function toMicros(timestamp: Timestamp): Micros {
  return Number(timestamp.seconds ?? 0) * 1e6 + Math.floor((timestamp.nanos ?? 0) / 1000);
}

type Classes = typeof google.firestore.v1;

/** A decoded message by its name in google.firestore.v1. */
export type Message<K extends keyof Classes> = Classes[K] extends new (
  ...args: never
) => infer T
  ? T
  : never;
