import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Blobs } from "./blobs.ts";

/** Files below a directory. A file has its name when its bytes are on the disk, and not before. */
export function diskBlobs({ directory }: { readonly directory: string }): Blobs {
  const pathOf = (name: string) => {
    if (!/^[\w-]+(?:\/[\w-]+)*$/.test(name)) throw new RangeError("not a name of bytes");
    return join(directory, name);
  };
  return {
    async put(name, bytes) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${randomUUID()}.part`;
      try {
        await write(draft, bytes);
        await rename(draft, path);
        await syncDirectory(dirname(path));
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    get: (name, { first, last }) => createReadStream(pathOf(name), { start: first, end: last }),
    delete: (name) => rm(pathOf(name), { force: true }),
  };
}

async function write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is as durable as the directory that holds it. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
