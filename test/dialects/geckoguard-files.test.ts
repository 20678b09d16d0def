import { createHash } from "node:crypto";
import { request } from "node:http";
import { MAX_FILE_BYTES } from "../../functions/src/core/product-files.ts";
import type { Deps } from "../../functions/src/operations/deps.ts";
import { deleteProductFile } from "../../functions/src/operations/product-files/delete-file.ts";
import { listProductFiles } from "../../functions/src/operations/product-files/list-files.ts";
import { productFiles } from "../../functions/src/store/collections.ts";
import { patiently, useEngines } from "../support/engines.ts";
import { geckoCall, geckoKey, type Owner, openGecko } from "../support/geckoguard.ts";
import { type PutFileAsk, putFile } from "../support/product-files.ts";
import type { World } from "../support/world.ts";

const by = { kind: "administrator" } as const;
const CONTENT = "0123456789";
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

let world: World;
let owner: Owner;
beforeEach(async () => {
  world = await openGecko();
  owner = await geckoKey(world);
});
afterEach(() => world.close());

async function* chunks(...texts: (string | Uint8Array)[]) {
  for (const text of texts) yield Buffer.from(text);
}
const add = (more: Partial<PutFileAsk> = {}, deps: Deps = world.deps) =>
  putFile(deps, {
    ...{ productId: owner.productId, name: "Installer v2.1", filename: "setup.exe" },
    ...{ versionId: null, planId: null, public: false, bytes: chunks("01234", "56789") },
    ...more,
  });
const added = async (more: Partial<PutFileAsk> = {}) => {
  const made = await add(more);
  if (!made.ok) throw new Error(made.code);
  return made.file;
};
const pathOf = (id: string) => `v1/product-files/download/${id}`;
const download = async (
  id: string,
  headers: Record<string, string> = {},
  { as = owner as Partial<Owner>, method = "GET", on = world } = {},
) => {
  const key: Record<string, string> = as.apiKey ? { "x-api-key": as.apiKey } : {};
  const reply = await fetch(`${on.url}/${pathOf(id)}`, { method, headers: { ...key, ...headers } });
  const text = await reply.text();
  await on.settled();
  return { status: reply.status, text, headers: reply.headers };
};
const downloads = async (id: string) => (await world.store.get(productFiles, id))?.downloads;
const nameOf = ({ id, productId }: { id: string; productId: string }) => `${productId}/${id}`;
/** The world's bytes, with what is kept of them by name. */
function watched(): { deps: Deps; kept: Set<string> } {
  const kept = new Set<string>();
  const { blobs } = world.deps;
  return {
    kept,
    deps: {
      ...world.deps,
      blobs: {
        ...blobs,
        put: async (name, bytes) => {
          await blobs.put(name, bytes);
          kept.add(name);
        },
        delete: async (name) => {
          await blobs.delete(name);
          kept.delete(name);
        },
      },
    },
  };
}

test("200 the bytes of a file as it was added, with what a client needs to know", async () => {
  const file = await added();
  expect(file).toMatchObject({ size: 10, sha256: SHA256, mimeType: "application/octet-stream" });
  const { status, text, headers } = await download(file.id);
  expect([status, text]).toEqual([200, CONTENT]);
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="setup.exe"',
    "content-length": "10",
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    etag: `"${SHA256}"`,
    "last-modified": "Fri, 20 Nov 2026 09:00:00 GMT",
    "x-content-type-options": "nosniff",
  });
});

test.each([
  [
    "Über uns (1).zip",
    `attachment; filename="_ber uns (1).zip"; filename*=UTF-8''%C3%9Cber%20uns%20%281%29.zip`,
  ],
  ['a"b\\c.zip', `attachment; filename="a_b_c.zip"; filename*=UTF-8''a%22b%5Cc.zip`],
  [
    "a\r\nSet-Cookie: x",
    `attachment; filename="a__Set-Cookie: x"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x`,
  ],
  [
    "../../etc/passwd",
    `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd`,
  ],
])("200 a file may be called %j", async (filename, disposition) => {
  const { id } = await added({ filename });
  const { status, headers } = await download(id);
  expect([status, headers.get("content-disposition")]).toEqual([200, disposition]);
});

test.each([
  ["bytes=0-", 206, CONTENT, "bytes 0-9/10"],
  ["bytes=2-4", 206, "234", "bytes 2-4/10"],
  ["bytes=-3", 206, "789", "bytes 7-9/10"],
  ["bytes=8-99", 206, "89", "bytes 8-9/10"],
  ["bytes=0-1,4-5", 200, CONTENT, null],
])("%s is answered %i", async (range, status, text, contentRange) => {
  const { id } = await added();
  const reply = await download(id, { range });
  expect([reply.status, reply.text, reply.headers.get("content-range")]).toEqual([
    status,
    text,
    contentRange,
  ]);
  expect(reply.headers.get("content-length")).toBe(String(text.length));
});

test("416 a range past the end says how long the file is", async () => {
  const { id } = await added();
  const { status, headers } = await download(id, { range: "bytes=10-" });
  expect([status, headers.get("content-range")]).toEqual([416, "bytes */10"]);
});

test("a condition that holds is 304, and a range of another file is the whole of this one", async () => {
  const { id } = await added();
  const etag = `"${SHA256}"`;
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const { status, text, headers } = await download(id, { "if-none-match": known });
    expect([status, text, headers.get("etag")]).toEqual([304, "", etag]);
  }
  expect((await download(id, { "if-none-match": '"x"' })).status).toBe(200);
  const range = "bytes=2-4";
  const ifRange = async (value: string) =>
    (await download(id, { range, "if-range": value })).status;
  expect(await ifRange(etag)).toBe(206);
  expect(await ifRange("Fri, 20 Nov 2026 09:00:00 GMT")).toBe(206);
  expect(await ifRange('"x"')).toBe(200);
  expect(await ifRange(`W/${etag}`)).toBe(200);
});

test("downloads count who begins at the first byte, and nobody else", async () => {
  const { id } = await added();
  await download(id);
  await download(id, { range: "bytes=0-4" });
  await download(id, { range: "bytes=5-" });
  await download(id, { "if-none-match": "*" });
  await download(id, { range: "bytes=99-" });
  const head = await download(id, {}, { method: "HEAD" });
  expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "10"]);
  expect(head.headers.get("content-disposition")).toContain("setup.exe");
  expect(await downloads(id)).toBe(2);
  await Promise.all(Array.from({ length: 20 }, () => download(id)));
  expect(await downloads(id)).toBe(22);
});

test("a download costs the key, the file, and its count", async () => {
  const { id } = await added();
  await download(id);
  await download(id);
  expect(world.touched()).toEqual({ reads: 3, writes: 1, aggregates: 0 });
});

test("who has no good key gets public files alone, and another product's key no more than that", async () => {
  const [own, open] = [await added(), await added({ public: true })];
  const other = await geckoKey(world, "prod_other");
  const unable = await geckoKey(world, "prod_gecko", { scopes: ["version:read"] });
  const nobody = "f11e0000-1111-4222-8333-444455556666";
  const status = async (id: string, as: Partial<Owner>) => (await download(id, {}, { as })).status;
  for (const [as, statuses] of [
    [{}, [401, 200, 401]],
    [{ apiKey: "gg_wrong" }, [401, 401, 401]],
    [other, [404, 200, 404]],
    [unable, [403, 200, 403]],
    [owner, [200, 200, 404]],
  ] as const) {
    const got = [await status(own.id, as), await status(open.id, as), await status(nobody, as)];
    expect([as.apiKey, got]).toEqual([as.apiKey, statuses]);
  }
  const { headers } = await download(open.id, {}, { as: {} });
  expect(headers.get("cache-control")).toBe("public, no-cache");
  expect(await geckoCall(world, `GET /${pathOf("not-an-id")}`, owner)).toMatchObject({
    status: 400,
    body: { error: { code: "VALIDATION_ERROR" } },
  });
  expect((await geckoCall(world, `POST /${pathOf(own.id)}`, owner)).status).toBe(405);
});

test("200 an empty file, and one that comes in one byte after the other", async () => {
  const empty = await added({ bytes: chunks() });
  const { status, text, headers } = await download(empty.id);
  expect([status, text, headers.get("content-length")]).toEqual([200, "", "0"]);
  const slow = await added({ bytes: chunks(...CONTENT) });
  expect(slow.sha256).toBe(SHA256);
});

test("500 a file whose bytes are gone says so before its first byte", async () => {
  const { id, productId } = await added();
  await world.deps.blobs.delete(`${productId}/${id}`);
  expect((await download(id)).status).toBe(500);
});

test("a reader that leaves ends the reading, and one that is slow holds it up", async () => {
  const part = new Uint8Array(1024 * 1024);
  let read = 0;
  const bytes = async function* () {
    for (; read < 400; read++) yield part;
  };
  const { id } = await added();
  const blobs = { ...world.deps.blobs, get: bytes };
  const slow = await openGecko();
  Object.assign(slow.deps, { blobs });
  const { apiKey, productId } = await geckoKey(slow);
  const record = await world.store.get(productFiles, id);
  if (!record) throw new Error("no file");
  const huge = { ...record, productId, size: 400 * part.length };
  await slow.store.commit([{ kind: "set", collection: productFiles, record: huge }]);
  await new Promise<void>((left) => {
    const ask = request(`${slow.url}/${pathOf(id)}`, { headers: { "x-api-key": apiKey } });
    ask.on("response", (response) => {
      // Above 32 MiB the platform wants no length.
      expect(response.headers["content-length"]).toBeUndefined();
      response.once("data", () => {
        response.destroy();
        left();
      });
    });
    ask.end();
  });
  await slow.settled();
  expect(read).toBeLessThan(100);
  await slow.close();
});

test("a file that is too large leaves neither record nor bytes", async () => {
  const puts: string[] = [];
  const deps: Deps = {
    ...world.deps,
    blobs: {
      ...world.deps.blobs,
      put: async (name, bytes) => {
        puts.push(name);
        for await (const _ of bytes);
      },
    },
  };
  const megabyte = new Uint8Array(1024 * 1024);
  const bytes = (async function* () {
    for (let size = 0; size <= MAX_FILE_BYTES; size += megabyte.length) yield megabyte;
  })();
  expect(await add({ bytes }, deps)).toMatchObject({ code: "PRODUCT_FILE_TOO_LARGE" });
  expect(puts).toHaveLength(1);
  const { productId } = owner;
  const list = await listProductFiles(world.deps, by, { productId, page: 1, pageSize: 10 });
  expect(list).toMatchObject({ ok: true, total: 0 });
});

test("a refused file leaves no bytes, and a deleted one neither record nor bytes", async () => {
  const { deps, kept } = watched();
  const { productId } = owner;
  const versionId = "f11e0000-1111-4222-8333-444455556666";
  expect(await add({ versionId }, deps)).toMatchObject({ code: "APP_VERSION_NOT_FOUND" });
  expect(await add({ productId: versionId }, deps)).toMatchObject({ code: "PRODUCT_NOT_FOUND" });
  expect([...kept]).toEqual([]);
  const file = await added();
  const other = (await geckoKey(world, "prod_other")).productId;
  const foreign = await deleteProductFile(deps, by, { productId: other, fileId: file.id });
  expect(foreign).toMatchObject({ ok: false, code: "PRODUCT_FILE_NOT_FOUND" });
  const own = { productId, fileId: file.id };
  expect(await deleteProductFile(deps, by, own)).toMatchObject({ ok: true });
  expect((await download(file.id)).status).toBe(404);
  const range = { first: 0, last: 1 };
  const rest = world.deps.blobs.get(nameOf(file), range)[Symbol.asyncIterator]();
  await expect(rest.next()).rejects.toThrow();
});

test("a crash between bytes and record leaves no file, on either way", async () => {
  const { deps, kept } = watched();
  const crashes: Deps["once"] = () => Promise.reject(new Error("crash"));
  await expect(add({}, { ...deps, once: crashes })).rejects.toThrow("crash");
  // The commit may have come through: what is there is not deleted.
  expect(kept.size).toBe(1);
  const { productId } = owner;
  const ask = { productId, page: 1, pageSize: 10 };
  expect(await listProductFiles(deps, by, ask)).toMatchObject({ ok: true, total: 0 });
  const file = await added();
  const stuck = {
    ...deps,
    blobs: { ...deps.blobs, delete: () => Promise.reject(new Error("crash")) },
  };
  const fileId = file.id;
  await expect(deleteProductFile(stuck, by, { productId, fileId })).rejects.toThrow("crash");
  expect(await listProductFiles(deps, by, ask)).toMatchObject({ ok: true, total: 0 });
  expect((await download(fileId)).status).toBe(404);
});

test("a repeat of what was added keeps the first one's bytes and drops its own", async () => {
  const { deps, kept } = watched();
  const first = await add({}, deps);
  if (!first.ok) throw new Error(first.code);
  const repeated = { ...deps, once: (async () => first) as Deps["once"] };
  expect(await add({}, repeated)).toMatchObject({ ok: true, file: { id: first.file.id } });
  expect([...kept]).toEqual([nameOf(first.file)]);
});

describe.each(useEngines())("on $name", ({ open }) => {
  test("20 delete a file at once: one does", async () => {
    const racing = await openGecko({ store: open() });
    const { productId } = await geckoKey(racing);
    const made = await add({ productId }, racing.deps);
    const fileId = (made.ok && made.file.id) || "";
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        patiently(() => deleteProductFile(racing.deps, by, { productId, fileId })),
      ),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
    await racing.close();
  }, 60_000);
});
