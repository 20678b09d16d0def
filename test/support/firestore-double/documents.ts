import { pickFields } from "./field-paths.ts";
import { type Fields, type Micros, type ProtoDocument, toTimestamp } from "./proto.ts";

export type StoredDocument = {
  readonly name: string;
  /** The full path of the collection. */
  readonly collection: string;
  readonly id: string;
  readonly fields: Fields;
  readonly createTime: Micros;
  readonly updateTime: Micros;
};

export interface DocumentReader {
  get(name: string): StoredDocument | undefined;
  inCollection(path: string): Iterable<StoredDocument>;
  /** Full paths of the collections that hold a document. */
  collectionPaths(): Iterable<string>;
}

/** What a commit changes: a document's next state, or undefined for its removal. */
export type Changes = ReadonlyMap<string, StoredDocument | undefined>;

export function splitName(name: string): { readonly collection: string; readonly id: string } {
  const slash = name.lastIndexOf("/");
  return { collection: name.slice(0, slash), id: name.slice(slash + 1) };
}

export const lastSegment = (path: string) => path.slice(path.lastIndexOf("/") + 1);

type Collections = Map<string, Map<string, StoredDocument>>;

export class DocumentStore implements DocumentReader {
  readonly #collections: Collections;
  #clock: Micros = 0;

  constructor(collections: Collections = new Map()) {
    this.#collections = collections;
  }

  /** Never the same time twice: an update time is a precondition token. */
  tick(): Micros {
    this.#clock = Math.max(this.#clock + 1, Date.now() * 1000);
    return this.#clock;
  }

  get(name: string): StoredDocument | undefined {
    const { collection, id } = splitName(name);
    return this.#collections.get(collection)?.get(id);
  }

  inCollection(path: string): Iterable<StoredDocument> {
    return this.#collections.get(path)?.values() ?? [];
  }

  collectionPaths(): Iterable<string> {
    return this.#collections.keys();
  }

  apply(changes: Changes): void {
    for (const [name, next] of changes) {
      const { collection, id } = splitName(name);
      const documents = this.#collections.get(collection) ?? new Map<string, StoredDocument>();
      if (next) documents.set(id, next);
      else documents.delete(id);
      if (documents.size > 0) this.#collections.set(collection, documents);
      else this.#collections.delete(collection);
    }
  }

  clear(prefix = ""): void {
    for (const path of [...this.#collections.keys()])
      if (path.startsWith(prefix)) this.#collections.delete(path);
  }

  snapshot(): DocumentReader {
    const copy: Collections = new Map();
    for (const [path, documents] of this.#collections) copy.set(path, new Map(documents));
    return new DocumentStore(copy);
  }
}

export function toProto(
  document: StoredDocument,
  mask: readonly string[] | undefined,
): ProtoDocument {
  return {
    name: document.name,
    fields: mask ? pickFields(document.fields, mask) : document.fields,
    createTime: toTimestamp(document.createTime),
    updateTime: toTimestamp(document.updateTime),
  };
}
