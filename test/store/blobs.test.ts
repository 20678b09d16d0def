import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { Blobs } from "../../functions/src/store/blobs.ts";
import { type Bucket, bucketBlobs } from "../../functions/src/store/bucket-blobs.ts";
import { diskBlobs } from "../../functions/src/store/disk-blobs.ts";

const directory = mkdtempSync(join(tmpdir(), "latchkey-blobs-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** As Cloud Storage: an object is there when its upload ended well. */
function bucketInMemory(): Bucket {
  const objects = new Map<string, Buffer>();
  return {
    file: (name) => ({
      createWriteStream: () => {
        const parts: Buffer[] = [];
        const upload = new PassThrough();
        upload.on("data", (part: Buffer) => parts.push(part));
        upload.on("end", () => objects.set(name, Buffer.concat(parts)));
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
        return object ? Readable.from([object.subarray(start, end + 1)]) : failed();
      },
      delete: async () => objects.delete(name),
    }),
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
