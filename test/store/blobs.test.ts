import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { Blobs } from "../../functions/src/store/blobs.ts";
import { type Bucket, bucketBlobs } from "../../functions/src/store/bucket-blobs.ts";
import { diskBlobs } from "../../functions/src/store/disk-blobs.ts";

const directory = mkdtempSync(join(tmpdir(), "latchkey-blobs-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** As Cloud Storage: an object is there when its upload ended well. */
function bucketInMemory(signed: unknown[] = []): Bucket {
  const objects = new Map<string, { bytes: Buffer; updated: string }>();
  const file = (name: string): ReturnType<Bucket["file"]> => ({
    name,
    metadata: { updated: objects.get(name)?.updated ?? "" },
    createWriteStream: () => {
      const parts: Buffer[] = [];
      const upload = new PassThrough();
      upload.on("data", (part: Buffer) => parts.push(part));
      upload.on("end", () => {
        objects.set(name, { bytes: Buffer.concat(parts), updated: new Date().toISOString() });
      });
      return upload;
    },
    createReadStream: ({ start, end }) => {
      const object = objects.get(name);
      const failed = () =>
        new Readable({
          read: (): never => {
            throw new Error("no object");
          },
        });
      return object ? Readable.from([object.bytes.subarray(start, end + 1)]) : failed();
    },
    delete: async () => objects.delete(name),
    getMetadata: async () => {
      const object = objects.get(name);
      if (!object) throw Object.assign(new Error("no object"), { code: 404 });
      return [{ size: String(object.bytes.length) }];
    },
    getSignedUrl: async (options) => {
      signed.push(options);
      return [`https://storage.example.com/${name}`];
    },
  });
  return {
    file,
    getFiles: async ({ prefix, maxResults, startOffset = "" }) => {
      const all = [...objects.keys()]
        .filter((name) => name.startsWith(prefix) && name >= startOffset)
        .sort();
      const more = all.length > maxResults ? { pageToken: "more" } : null;
      return [all.slice(0, maxResults).map(file), more];
    },
  };
}

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}
async function* broken() {
  yield Buffer.from("half");
  throw new Error("the sender left");
}
const textOf = async (blobs: Blobs, name: string, first = 0, last = 99) => {
  const parts: Uint8Array[] = [];
  for await (const part of blobs.get(name, { first, last })) parts.push(part);
  return Buffer.concat(parts).toString();
};

describe.each([
  ["a directory", () => diskBlobs({ directory })],
  ["a bucket", () => bucketBlobs(bucketInMemory())],
])("in %s", (_, open) => {
  test("bytes are kept whole, read in parts, and deleted however often", async () => {
    const blobs = open();
    await blobs.put("product/one", chunks("hello ", "world"));
    expect(await textOf(blobs, "product/one")).toBe("hello world");
    expect(await textOf(blobs, "product/one", 4, 6)).toBe("o w");
    await blobs.put("product/one", chunks("other"));
    expect(await textOf(blobs, "product/one")).toBe("other");
    await blobs.put("product/empty", chunks());
    await blobs.delete("product/one");
    await blobs.delete("product/one");
    await expect(textOf(blobs, "product/one")).rejects.toThrow();
  });

  test("bytes are listed by pages, with their age and size", async () => {
    const blobs = open();
    const names = ["a-1/one", "a-1/two", "b-2/one"];
    for (const name of names) await blobs.put(name, chunks("12345"));
    const listed: string[] = [];
    let after: string | undefined;
    do {
      const { items, next } = await blobs.list({ after, limit: 1 });
      for (const { name, isDraft, writtenAt } of items) {
        if (names.includes(name)) listed.push(name);
        expect([isDraft, Math.abs(Date.now() - writtenAt) < 60_000]).toEqual([false, true]);
      }
      after = next;
    } while (after !== undefined);
    expect(listed).toEqual(names);
    expect(await blobs.sizeOf("a-1/one")).toBe(5);
    expect(await blobs.sizeOf("a-1/none")).toBeUndefined();
    expect(await blobs.sizeOf("none/none")).toBeUndefined();
    for (const name of names) await blobs.delete(name);
  });

  test("of what breaks off nothing is kept", async () => {
    const blobs = open();
    await expect(blobs.put("product/half", broken())).rejects.toThrow("the sender left");
    await expect(textOf(blobs, "product/half")).rejects.toThrow();
  });
});

test("a directory holds no drafts, and no name leaves it", async () => {
  const blobs = diskBlobs({ directory });
  await expect(blobs.put("product/half", broken())).rejects.toThrow();
  expect(readdirSync(join(directory, "product"))).toEqual(["empty"]);
  for (const name of ["../x", "a/../../x", "", "/etc/passwd", "a//b", "a\0"]) {
    await expect(blobs.put(name, chunks("x"))).rejects.toThrow(RangeError);
  }
});

test("a draft that a crash left behind is listed as one, and can be deleted", async () => {
  const blobs = diskBlobs({ directory });
  const draft = "product/one.0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10.part";
  writeFileSync(join(directory, draft), "half");
  writeFileSync(join(directory, "product/notes.txt"), "not ours");
  const { items } = await blobs.list({ after: undefined, limit: 100 });
  expect(items.filter(({ isDraft }) => isDraft).map(({ name }) => name)).toEqual([draft]);
  expect(items.map(({ name }) => name)).not.toContain("product/notes.txt");
  await blobs.delete(draft);
  expect(readdirSync(join(directory, "product"))).not.toContain(draft.slice(8));
});

test("a bucket's link is for one upload of that very size; a directory has none", async () => {
  const signed: unknown[] = [];
  const terms = { size: 5, endsAt: 1_800_000_000_000 };
  const link = await bucketBlobs(bucketInMemory(signed)).uploadLink("product/one", terms);
  const extensionHeaders = {
    "x-goog-content-length-range": "5,5",
    "x-goog-if-generation-match": "0",
  };
  const contentType = "application/octet-stream";
  expect(link).toEqual({
    url: "https://storage.example.com/product-files/product/one",
    headers: { "Content-Type": contentType, ...extensionHeaders },
  });
  expect(signed).toEqual([
    { version: "v4", action: "write", expires: terms.endsAt, contentType, extensionHeaders },
  ]);
  expect(await diskBlobs({ directory }).uploadLink("product/one", terms)).toBeUndefined();
});
