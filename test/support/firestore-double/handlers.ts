import { randomBytes } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { aggregateAll, aggregatedPath } from "./aggregation.ts";
import { type StoredDocument, toProto } from "./documents.ts";
import { type Engine, type Reading, type ReadSelector, toBytes, transactionId } from "./engine.ts";
import { checkDocumentName } from "./limits.ts";
import type { DocumentMask, Message, ProtoDocument, Write } from "./proto.ts";
import { planQuery, type QueryPlan, runPlan } from "./query-plan.ts";
import { StatusError } from "./status-error.ts";
import type { Caller } from "./transactions.ts";
import { compareStrings } from "./values.ts";

export type Send<T> = (message: T) => Promise<void>;

type StreamReply = {
  readonly readTime: Reading<unknown>["readTime"];
  readonly transaction?: Uint8Array;
};

const maskPaths = (mask: DocumentMask | null | undefined) =>
  mask ? (mask.fieldPaths ?? []) : undefined;

const replyBase = ({ readTime, opened }: Reading<unknown>): StreamReply =>
  opened ? { readTime, transaction: opened } : { readTime };

function page<T>(items: readonly T[], size: number, token: (item: T) => string) {
  const shown = items.slice(0, size);
  const last = shown.at(-1);
  return { shown, nextPageToken: last !== undefined && items.length > size ? token(last) : "" };
}

const toStatus = (error: unknown) => {
  if (error instanceof StatusError) return { code: error.code, message: error.message };
  throw error;
};

/** What Firestore bills: documents, and aggregate queries by their number. */
export type Billed = { reads: number; writes: number; deletes: number; aggregates: number };

/** One method for each RPC served. */
export class Handlers {
  readonly billed: Billed = { reads: 0, writes: 0, deletes: 0, aggregates: 0 };
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async getDocument(
    request: Message<"GetDocumentRequest">,
    caller: Caller,
  ): Promise<ProtoDocument> {
    const { value } = await this.#readDocuments(request, [request.name], caller);
    const found = value[0]?.document;
    if (!found) throw new StatusError(status.NOT_FOUND, `Document "${request.name}" not found.`);
    return toProto(found, maskPaths(request.mask));
  }

  async batchGetDocuments(
    request: Message<"BatchGetDocumentsRequest">,
    caller: Caller,
    send: Send<object>,
  ): Promise<void> {
    const reading = await this.#readDocuments(request, request.documents, caller);
    this.billed.reads += request.documents.length;
    if (reading.opened) await send({ transaction: reading.opened });
    const mask = maskPaths(request.mask);
    for (const { name, document } of reading.value)
      await send({
        readTime: reading.readTime,
        ...(document ? { found: toProto(document, mask) } : { missing: name }),
      });
  }

  async runQuery(
    request: Message<"RunQueryRequest">,
    caller: Caller,
    send: Send<object>,
  ): Promise<void> {
    const plan = this.#plan(request, request.structuredQuery);
    const reading = await this.#readQuery(request, plan, caller);
    const base = replyBase(reading);
    // What an offset leaves out is read too, and a query that finds nothing is billed as one read.
    const skipped = request.structuredQuery?.offset ?? 0;
    this.billed.reads += Math.max(1, reading.value.length + skipped);
    if (reading.opened || reading.value.length === 0) await send(base);
    for (const document of reading.value)
      await send({ readTime: reading.readTime, document: toProto(document, plan.select) });
  }

  async runAggregationQuery(
    request: Message<"RunAggregationQueryRequest">,
    caller: Caller,
    send: Send<object>,
  ): Promise<void> {
    const { structuredQuery, aggregations } = request.structuredAggregationQuery ?? {};
    const wanted = aggregations ?? [];
    const paths = wanted.flatMap((aggregation) => aggregatedPath(aggregation) ?? []);
    const plan = this.#plan(request, structuredQuery, paths);
    const reading = await this.#readQuery(request, plan, caller);
    this.billed.aggregates += 1;
    const aggregateFields = aggregateAll(wanted, reading.value);
    await send({ ...replyBase(reading), result: { aggregateFields } });
  }

  async beginTransaction(request: Message<"BeginTransactionRequest">, caller: Caller) {
    return { transaction: toBytes(this.#engine.begin(request.options, caller)) };
  }

  async commit(request: Message<"CommitRequest">, caller: Caller) {
    const transaction = transactionId(request.transaction);
    const committed = await this.#engine.commit(request.writes, transaction, caller);
    for (const write of request.writes) this.billed[write.delete ? "deletes" : "writes"] += 1;
    return committed;
  }

  async rollback(request: Message<"RollbackRequest">) {
    this.#engine.transactions.end(transactionId(request.transaction) ?? "");
    return {};
  }

  async batchWrite(request: Message<"BatchWriteRequest">, caller: Caller) {
    const outcomes = await Promise.all(
      request.writes.map((write) =>
        this.#commitOne(write, caller).then(
          (result) => ({ result, status: { code: status.OK } }),
          (error: unknown) => ({ result: {}, status: toStatus(error) }),
        ),
      ),
    );
    return {
      writeResults: outcomes.map((outcome) => outcome.result),
      status: outcomes.map((outcome) => outcome.status),
    };
  }

  async createDocument(request: Message<"CreateDocumentRequest">, caller: Caller) {
    const id = request.documentId || randomBytes(15).toString("base64url");
    const name = `${request.parent}/${request.collectionId}/${id}`;
    const fields = request.document?.fields ?? {};
    await this.#commitOne({ update: { name, fields }, currentDocument: { exists: false } }, caller);
    return this.#current(name, request.mask);
  }

  async updateDocument(request: Message<"UpdateDocumentRequest">, caller: Caller) {
    const { document, updateMask, currentDocument, mask } = request;
    const update = document ?? {};
    await this.#commitOne(
      { update, updateMask: updateMask ?? null, currentDocument: currentDocument ?? null },
      caller,
    );
    return this.#current(update.name ?? "", mask);
  }

  async deleteDocument(request: Message<"DeleteDocumentRequest">, caller: Caller) {
    const { name, currentDocument } = request;
    await this.#commitOne({ delete: name, currentDocument: currentDocument ?? null }, caller);
    return {};
  }

  async listDocuments(request: Message<"ListDocumentsRequest">) {
    const { documents } = this.#engine;
    const path = `${request.parent}/${request.collectionId}`;
    const found = new Map<string, StoredDocument | undefined>();
    if (request.showMissing)
      for (const other of documents.collectionPaths())
        if (other.startsWith(`${path}/`))
          found.set(other.slice(path.length + 1).split("/")[0] ?? "", undefined);
    for (const document of documents.inCollection(path)) found.set(document.id, document);
    const listed = [...found]
      .sort(([a], [b]) => compareStrings(a, b))
      .filter(([id]) => !request.pageToken || compareStrings(id, request.pageToken) > 0);
    const { shown, nextPageToken } = page(listed, request.pageSize || 300, ([id]) => id);
    return {
      documents: shown.map(([id, document]) =>
        document ? toProto(document, maskPaths(request.mask)) : { name: `${path}/${id}` },
      ),
      nextPageToken,
    };
  }

  async listCollectionIds(request: Message<"ListCollectionIdsRequest">) {
    const prefix = `${request.parent}/`;
    const ids = new Set<string>();
    for (const path of this.#engine.documents.collectionPaths())
      if (path.startsWith(prefix)) ids.add(path.slice(prefix.length).split("/")[0] ?? "");
    const listed = [...ids].sort(compareStrings).filter((id) => id > request.pageToken);
    const { shown, nextPageToken } = page(listed, request.pageSize || 1000, (id) => id);
    return { collectionIds: shown, nextPageToken };
  }

  #readDocuments(selector: ReadSelector, names: readonly string[], caller: Caller) {
    names.forEach(checkDocumentName);
    return this.#engine.read({
      selector,
      caller,
      read: (documents) => names.map((name) => ({ name, document: documents.get(name) })),
      lock: (transaction, read) =>
        this.#engine.transactions.lockDocuments(transaction, names, caller, read),
    });
  }

  #plan(
    request: { readonly parent: string },
    structuredQuery: Parameters<typeof planQuery>[1],
    aggregated: readonly string[] = [],
  ): QueryPlan {
    const plan = planQuery(request.parent, structuredQuery);
    const missing = this.#engine.rules?.missingIndex(plan, aggregated);
    if (missing)
      throw new StatusError(status.FAILED_PRECONDITION, `The query requires an index: ${missing}`);
    return plan;
  }

  #readQuery(selector: ReadSelector, plan: QueryPlan, caller: Caller) {
    return this.#engine.read({
      selector,
      caller,
      read: (documents) => runPlan(plan, documents),
      lock: (transaction, read) =>
        this.#engine.transactions.lockQuery(transaction, plan, caller, read),
    });
  }

  async #commitOne(write: Write, caller: Caller) {
    const { writeResults } = await this.#engine.commit([write], undefined, caller);
    return writeResults[0] ?? {};
  }

  #current(name: string, mask: DocumentMask | null | undefined): ProtoDocument {
    const document = this.#engine.documents.get(name);
    if (!document) throw new StatusError(status.ABORTED, `${name} was deleted meanwhile.`);
    return toProto(document, maskPaths(mask));
  }
}
