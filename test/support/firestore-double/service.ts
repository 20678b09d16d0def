import {
  Metadata,
  type MethodDefinition,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import type { Handlers, Send } from "./handlers.ts";
import { LIMITS } from "./limits.ts";
import { Empty, v1 } from "./proto.ts";
import { invalid, StatusError } from "./status-error.ts";
import type { Caller } from "./transactions.ts";

type Decoder<T> = { decode(bytes: Uint8Array): T };
type Encoder<T> = { encode(message: T): { finish(): Uint8Array } };

/** A request with its size, which only the deserializer sees. */
type Received<T> = { readonly message: T; readonly bytes: number };

type Rpc = {
  readonly name: string;
  readonly definition: ServiceDefinition[string];
  readonly handle: UntypedHandleCall;
};

const clientOnly = (): never => {
  throw new Error("The server neither sends requests nor reads replies.");
};

function define<Q, R>(
  name: string,
  request: Decoder<Q>,
  reply: Encoder<R>,
  responseStream: boolean,
): MethodDefinition<Received<Q>, R> {
  return {
    path: `/google.firestore.v1.Firestore/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: clientOnly,
    responseDeserialize: clientOnly,
    requestDeserialize: (bytes) => ({ message: request.decode(bytes), bytes: bytes.length }),
    responseSerialize: (message) => Buffer.from(reply.encode(message).finish()),
  };
}

function open<T>({ message, bytes }: Received<T>): T {
  if (bytes > LIMITS.requestBytes)
    throw invalid(`Request payload size exceeds the limit: ${LIMITS.requestBytes} bytes.`);
  return message;
}

function toFailure(error: unknown) {
  if (error instanceof StatusError) return { code: error.code, details: error.message };
  console.error(error);
  return { code: status.INTERNAL, details: String(error) };
}

type Call = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

const callerOf = (call: Call): Caller => ({
  peer: call.getPeer(),
  onCancel: (listener) => void call.once("cancelled", listener),
});

function unary<Q, R>(
  name: string,
  request: Decoder<Q>,
  reply: Encoder<R>,
  run: (request: Q, caller: Caller) => Promise<R>,
): Rpc {
  const serve = async (call: ServerUnaryCall<Received<Q>, R>) =>
    run(open(call.request), callerOf(call));
  return {
    name,
    definition: define(name, request, reply, false),
    handle: (call: ServerUnaryCall<Received<Q>, R>, callback: sendUnaryData<R>) => {
      serve(call).then(
        (message) => callback(null, message),
        (error: unknown) => callback(toFailure(error)),
      );
    },
  };
}

async function sendTo<Q, R>(call: ServerWritableStream<Q, R>, message: R): Promise<void> {
  if (call.cancelled || call.write(message)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  call.once("drain", resolve).once("cancelled", resolve);
  await promise;
  call.off("drain", resolve).off("cancelled", resolve);
}

function streaming<Q, R>(
  name: string,
  request: Decoder<Q>,
  reply: Encoder<R>,
  run: (request: Q, caller: Caller, send: Send<R>) => Promise<void>,
): Rpc {
  const serve = async (call: ServerWritableStream<Received<Q>, R>) =>
    run(open(call.request), callerOf(call), (message) => sendTo(call, message));
  return {
    name,
    definition: define(name, request, reply, true),
    handle: (call: ServerWritableStream<Received<Q>, R>) => {
      // Without metadata before an error the client repeats an invalid query for seconds.
      call.sendMetadata(new Metadata());
      serve(call).then(
        () => call.end(),
        (error: unknown) => call.emit("error", toFailure(error)),
      );
    },
  };
}

const rpcsOf = (on: Handlers): readonly Rpc[] => [
  unary("GetDocument", v1.GetDocumentRequest, v1.Document, (...given) => on.getDocument(...given)),
  unary("ListDocuments", v1.ListDocumentsRequest, v1.ListDocumentsResponse, (...given) =>
    on.listDocuments(given[0]),
  ),
  unary(
    "ListCollectionIds",
    v1.ListCollectionIdsRequest,
    v1.ListCollectionIdsResponse,
    (...given) => on.listCollectionIds(given[0]),
  ),
  unary("CreateDocument", v1.CreateDocumentRequest, v1.Document, (...given) =>
    on.createDocument(...given),
  ),
  unary("UpdateDocument", v1.UpdateDocumentRequest, v1.Document, (...given) =>
    on.updateDocument(...given),
  ),
  unary("DeleteDocument", v1.DeleteDocumentRequest, Empty, (...given) =>
    on.deleteDocument(...given),
  ),
  unary("BeginTransaction", v1.BeginTransactionRequest, v1.BeginTransactionResponse, (...given) =>
    on.beginTransaction(...given),
  ),
  unary("Commit", v1.CommitRequest, v1.CommitResponse, (...given) => on.commit(...given)),
  unary("Rollback", v1.RollbackRequest, Empty, (...given) => on.rollback(given[0])),
  unary("BatchWrite", v1.BatchWriteRequest, v1.BatchWriteResponse, (...given) =>
    on.batchWrite(...given),
  ),
  streaming(
    "BatchGetDocuments",
    v1.BatchGetDocumentsRequest,
    v1.BatchGetDocumentsResponse,
    (...given) => on.batchGetDocuments(...given),
  ),
  streaming("RunQuery", v1.RunQueryRequest, v1.RunQueryResponse, (...given) =>
    on.runQuery(...given),
  ),
  streaming(
    "RunAggregationQuery",
    v1.RunAggregationQueryRequest,
    v1.RunAggregationQueryResponse,
    (...given) => on.runAggregationQuery(...given),
  ),
];

export function firestoreService(handlers: Handlers) {
  const rpcs = rpcsOf(handlers);
  return {
    definition: Object.fromEntries(rpcs.map(({ name, definition }) => [name, definition])),
    implementation: Object.fromEntries(rpcs.map(({ name, handle }) => [name, handle])),
  };
}
