import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Blobs, Kept } from "./blobs.ts";

/** Files below a directory. A file has its name when its bytes are on the disk, and not before. */
export function diskBlobs({ directory }: { readonly directory: string }): Blobs {
  const pathOf = (name: string) => {
    if (!NAME.test(name)) throw new RangeError("not a name of bytes");
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
    sizeOf: async (name) => (await statOf(pathOf(name)))?.size,
    async list({ after = "", limit }) {
      const items: Kept[] = [];
      for (const folder of await namesIn(directory)) {
        // Compared by folder and then by name, as they are listed.
        if (folder < (after.split("/", 1)[0] ?? "")) continue;
        for (const file of await namesIn(join(directory, folder))) {
          const name = `${folder}/${file}`;
          if (!NAME.test(name) || (after.startsWith(`${folder}/`) && name <= after)) continue;
          if (items.length === limit) return { items, next: items.at(-1)?.name };
          const found = await statOf(join(directory, name));
          const isDraft = file.endsWith(".part");
          if (found?.isFile()) items.push({ name, isDraft, writtenAt: found.mtimeMs });
        }
      }
      return { items, next: undefined };
    },
    uploadLink: async () => undefined,
  };
}

/** With what a draft adds to it. */
const NAME = /^[\w-]+(?:\/[\w-]+)*(?:\.[\w-]+\.part)?$/;

const absent = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes(String((error as NodeJS.ErrnoException).code));

const statOf = (path: string) =>
  stat(path).catch((error: unknown) => {
    if (absent(error)) return undefined;
    throw error;
  });

const namesIn = async (directory: string): Promise<string[]> => {
  const names = await readdir(directory).catch((error: unknown): string[] => {
    if (absent(error)) return [];
    throw error;
  });
  return names.sort();
};

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
