import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Blobs } from "./blobs.ts";

/** What is used of a bucket of Cloud Storage. */
export type Bucket = {
  file(name: string): {
    createWriteStream(options: { metadata: { contentType: string } }): Writable;
    createReadStream(options: { start: number; end: number }): Readable;
    delete(options: { ignoreNotFound: boolean }): Promise<unknown>;
  };
};

/** Objects of a bucket. An upload that breaks off leaves none. */
export const bucketBlobs = (bucket: Bucket): Blobs => {
  const fileOf = (name: string) => bucket.file(`product-files/${name}`);
  return {
    async put(name, bytes) {
      const metadata = { contentType: "application/octet-stream" };
      await pipeline(Readable.from(bytes), fileOf(name).createWriteStream({ metadata }));
    },
    get: (name, { first, last }) => fileOf(name).createReadStream({ start: first, end: last }),
    async delete(name) {
      await fileOf(name).delete({ ignoreNotFound: true });
    },
  };
};
