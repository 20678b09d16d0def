import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Blobs } from "./blobs.ts";

type BucketFile = {
  readonly name: string;
  readonly metadata: { readonly updated?: string; readonly size?: string | number };
  createWriteStream(options: { metadata: { contentType: string } }): Writable;
  createReadStream(options: { start: number; end: number }): Readable;
  delete(options: { ignoreNotFound: boolean }): Promise<unknown>;
  getMetadata(): Promise<[{ size?: string | number }, ...unknown[]]>;
  getSignedUrl(options: {
    version: "v4";
    action: "write";
    expires: number;
    contentType: string;
    extensionHeaders: Record<string, string>;
  }): Promise<[string]>;
};

/** What is used of a bucket of Cloud Storage. */
export type Bucket = {
  file(name: string): BucketFile;
  getFiles(options: {
    autoPaginate: false;
    prefix: string;
    maxResults: number;
    startOffset?: string;
  }): Promise<[BucketFile[], { pageToken?: string } | null, ...unknown[]]>;
};

const PREFIX = "product-files/";
const contentType = "application/octet-stream";

/** Objects of a bucket. An upload that breaks off leaves none. */
export const bucketBlobs = (bucket: Bucket): Blobs => {
  const fileOf = (name: string) => bucket.file(`${PREFIX}${name}`);
  return {
    async put(name, bytes) {
      const metadata = { contentType };
      await pipeline(Readable.from(bytes), fileOf(name).createWriteStream({ metadata }));
    },
    get: (name, { first, last }) => fileOf(name).createReadStream({ start: first, end: last }),
    async delete(name) {
      await fileOf(name).delete({ ignoreNotFound: true });
    },
    async sizeOf(name) {
      try {
        const [{ size }] = await fileOf(name).getMetadata();
        return Number(size);
      } catch (error) {
        if ((error as { code?: unknown }).code === 404) return undefined;
        throw error;
      }
    },
    async list({ after, limit }) {
      // A space comes before all that names are made of: those after that one.
      const page = after === undefined ? {} : { startOffset: `${PREFIX}${after} ` };
      const [files, more] = await bucket.getFiles({
        ...{ autoPaginate: false, prefix: PREFIX, maxResults: limit, ...page },
      });
      const items = files.map(({ name, metadata }) => ({
        name: name.slice(PREFIX.length),
        isDraft: false,
        writtenAt: Date.parse(metadata.updated ?? "") || Number.POSITIVE_INFINITY,
      }));
      return { items, next: more?.pageToken === undefined ? undefined : items.at(-1)?.name };
    },
    async uploadLink(name, { size, endsAt }) {
      // The second makes it good for one upload: an object that is there is not replaced.
      const extensionHeaders = {
        "x-goog-content-length-range": `${size},${size}`,
        "x-goog-if-generation-match": "0",
      };
      const [url] = await fileOf(name).getSignedUrl({
        ...{ version: "v4", action: "write", expires: endsAt, contentType, extensionHeaders },
      });
      return { url, headers: { "Content-Type": contentType, ...extensionHeaders } };
    },
  };
};
