import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { MAX_FILE_BYTES } from "../../functions/src/core/product-files.ts";
import { sweepFiles } from "../../functions/src/operations/product-files/sweep-files.ts";
import type { Blobs } from "../../functions/src/store/blobs.ts";
import { fileUploads, productFiles } from "../../functions/src/store/collections.ts";
import { as, dataOf, errorOf, openGecko, type Person } from "../support/dashboard.ts";
import { made, openShop, type Shop } from "../support/dashboard-things.ts";
import { useEngines } from "../support/engines.ts";
import { addPlan } from "../support/plans.ts";
import { putFile } from "../support/product-files.ts";
import { DAY, HOUR, type Json, type World } from "../support/world.ts";

let world: World;
let shop: Shop;
let path: string;
const opened = async (options = {}) => {
  world = await openGecko(options);
  shop = await openShop(world);
  path = `/v1/dashboard/product-files/products/${shop.productId}`;
};
afterEach(() => world.close());

const MEGABYTE = new Uint8Array(1024 * 1024).fill(7);
const NOBODY = "f11e0000-1111-4222-8333-444455556666";

type Part = readonly [name: string, value: string | Uint8Array, filename?: string];
const file = (content: string | Uint8Array = "0123456789", filename = "setup.exe"): Part => [
  ...(["file", content, filename] as const),
];
/** A form as browsers send it. */
function formOf(parts: readonly Part[], boundary = "xyz") {
  const bytes = parts.flatMap(([name, value, filename]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${
        filename === undefined
          ? ""
          : `; filename="${filename}"\r\nContent-Type: application/octet-stream`
      }\r\n\r\n`,
    ),
    Buffer.from(value),
    Buffer.from("\r\n"),
  ]);
  return {
    raw: new Uint8Array(Buffer.concat([...bytes, Buffer.from(`--${boundary}--\r\n`)])),
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  };
}
const upload = (parts: readonly Part[], { headers = {}, boundary = "xyz" } = {}) => {
  const form = formOf(parts, boundary);
  const ask = { raw: form.raw, headers: { ...form.headers, ...headers } };
  return as(world, shop.boss, `POST ${path}`, ask);
};
const listed = async () => dataOf(await as(world, shop.boss, `GET ${path}`))["files"] as Json[];
const kept = async () => {
  const { items } = await world.deps.blobs.list({ after: undefined, limit: 1_000 });
  return items.map(({ name }) => name);
};
const download = (id: unknown, range = "bytes=0-") =>
  fetch(`${world.url}/v1/product-files/download/${id}`, {
    headers: { "x-api-key": shop.owner.apiKey, range },
  });
/** A body that is sent chunk by chunk, its length not said before. */
const streamed = (url: string, method: string, chunks: Readable, headers = {}) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const ask = request(url, { method, headers }, (response) => {
      buffer(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, text: text.toString() }),
        reject,
      );
    });
    ask.on("error", reject);
    chunks.on("error", (error) => ask.destroy(error)).pipe(ask);
  });
const bearer = () => ({ authorization: `Bearer ${shop.boss.accessToken}` });

describe("a form", () => {
  beforeEach(() => opened());

  test("201 a file in the reference's fields, which a key downloads in parts, until it is deleted", async () => {
    const reply = await upload([["name", "Installer v2.1"], file()]);
    expect([reply.status, reply.body]).toEqual([
      201,
      {
        ok: true,
        data: {
          file: {
            id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            productId: shop.productId,
            name: "Installer v2.1",
            filename: "setup.exe",
            size: 10,
            mimeType: "application/octet-stream",
            sha256: "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
            versionId: null,
            planId: null,
            public: false,
            downloads: 0,
            createdAt: "2026-11-20T09:00:00.000Z",
          },
        },
      },
    ]);
    const { id } = dataOf(reply)["file"] as Json;
    expect(await listed()).toMatchObject([{ id }]);
    const part = await download(id, "bytes=2-4");
    expect([part.status, await part.text()]).toEqual([206, "234"]);
    const gone = await as(world, shop.boss, `DELETE ${path}/${id}`);
    expect(gone.body).toEqual({ ok: true, data: { deleted: true } });
    expect([await listed(), await kept()]).toEqual([[], []]);
    expect((await as(world, shop.boss, `DELETE ${path}/${id}`)).status).toBe(404);
  });

  test("201 whatever the order of its parts, with names of any script, and parts nobody asked for", async () => {
    const versions = path.replace("product-files", "app-versions");
    const version = { name: "version", body: { version: "1.0.0" } };
    const { id: versionId } = await made(world, shop.boss, `POST ${versions}`, version);
    const reply = await upload([
      ["icon", "i", "icon.png"],
      file("PK\u0003\u0004zip", "Über uns.zip"),
      ["__proto__", "x"],
      ["name", "  Über  "],
      ["public", "true"],
      ["versionId", String(versionId)],
      ["planId", ""],
      file("another", "other.exe"),
    ]);
    expect(dataOf(reply)["file"]).toMatchObject({
      ...{ name: "Über", filename: "Über uns.zip", mimeType: "application/zip", size: 7 },
      ...{ public: true, versionId, planId: null },
    });
    const empty = await upload([["name", "empty"], file("")]);
    expect(dataOf(empty)["file"]).toMatchObject({ size: 0 });
  });

  test.each<[string, readonly Part[], string]>([
    ["no name", [file()], "name"],
    ["no file", [["name", "x"]], "file"],
    [
      "a file under another name",
      [
        ["name", "x"],
        ["bytes", "x", "a"],
      ],
      "file",
    ],
    ["a file without a name", [["name", "x"], file("x", "")], "filename"],
    ["a wrong version", [["name", "x"], file(), ["versionId", "1.0"]], "versionId"],
    ["a wrong flag", [["name", "x"], file(), ["public", "yes"]], "public"],
  ])("400 %s, and nothing is kept", async (_, parts, field) => {
    const reply = await upload(parts);
    const message = expect.stringMatching(/^(is required|must )/);
    expect([reply.status, errorOf(reply)["details"]]).toEqual([
      400,
      [expect.objectContaining({ path: field, message })],
    ]);
    expect([await listed(), await kept()]).toEqual([[], []]);
  });

  test("404 a version or plan that is not the product's, and nothing is kept", async () => {
    const other = await openShop(world, { boss: shop.boss, handle: "prod_other" });
    const { id } = await addPlan(world, shop.boss, other.productId);
    for (const wrong of [["versionId", NOBODY] as const, ["planId", String(id)] as const]) {
      const reply = await upload([["name", "x"], file(), wrong]);
      expect([reply.status, await kept()]).toEqual([404, []]);
    }
    const own = String((await addPlan(world, shop.boss, shop.productId))["id"]);
    const reply = await upload([["name", "x"], file(), ["planId", own]]);
    expect(dataOf(reply)["file"]).toMatchObject({ planId: own });
  });

  test("400 what is no form, or not all of one, and nothing is kept", async () => {
    const whole = formOf([["name", "x"], file(MEGABYTE)]);
    const type = "multipart/form-data; boundary=xyz";
    for (const [raw, contentType] of [
      ['{"name":"x"}', "application/json"],
      ["x", "multipart/form-data"],
      ["x", "multipart/form-data; boundary="],
      ["nonsense", type],
      ["", type],
      [whole.raw.subarray(0, 700_000), type],
      [whole.raw.subarray(0, 60), type],
    ] as const) {
      const ask = { raw, headers: { "content-type": contentType } };
      const reply = await as(world, shop.boss, `POST ${path}`, ask);
      expect([contentType, reply.status, await kept()]).toEqual([contentType, 400, []]);
    }
  });

  test("whoever may not is told so before the file is read", async () => {
    let sent = 0;
    const endless = async function* () {
      for (; sent < 400; sent++) yield MEGABYTE;
    };
    const headers = { "content-type": "multipart/form-data; boundary=xyz" };
    const ask = streamed(`${world.url}${path}`, "POST", Readable.from(endless()), headers);
    const outcome = await ask.then(
      ({ status }) => status,
      () => "cut off",
    );
    expect([401, "cut off"]).toContain(outcome);
    expect(sent).toBeLessThan(100);
    expect(await kept()).toEqual([]);
  });

  test("413 a length above the limit is refused at once, and so is one byte too many as it comes", async () => {
    const length = String(MAX_FILE_BYTES + 2 * MEGABYTE.length);
    const headers = { ...bearer(), "content-type": "multipart/form-data; boundary=xyz" };
    const status = await new Promise((resolve) => {
      const ask = request(`${world.url}${path}`, {
        method: "POST",
        headers: { ...headers, "content-length": length },
      });
      ask.on("response", ({ statusCode }) => {
        resolve(statusCode);
        ask.destroy();
      });
      ask.on("error", () => undefined);
      ask.write(MEGABYTE);
    });
    expect(status).toBe(413);
    const { put } = world.deps.blobs;
    Object.assign(world.deps.blobs, {
      put: async (_: string, bytes: AsyncIterable<Uint8Array>) => {
        for await (const __ of bytes);
      },
    });
    const body = async function* () {
      yield Buffer.from(
        '--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
      );
      for (let size = 0; size <= MAX_FILE_BYTES; size += MEGABYTE.length) yield MEGABYTE;
      yield Buffer.from("x\r\n--xyz--\r\n");
    };
    const large = await streamed(`${world.url}${path}`, "POST", Readable.from(body()), headers);
    expect([large.status, JSON.parse(large.text)]).toEqual([
      413,
      expect.objectContaining({ error: expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }) }),
    ]);
    Object.assign(world.deps.blobs, { put });
    expect(await listed()).toEqual([]);
  }, 60_000);

  test("100 MiB pass through without being held in memory", async () => {
    const body = async function* () {
      yield Buffer.from(
        '--xyz\r\nContent-Disposition: form-data; name="name"\r\n\r\nlarge\r\n' +
          '--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
      );
      for (let sent = 0; sent < 100; sent++) yield MEGABYTE;
      yield Buffer.from("\r\n--xyz--\r\n");
    };
    const held = () => process.memoryUsage().rss;
    const before = held();
    let most = before;
    const watching = setInterval(() => {
      most = Math.max(most, held());
    }, 5);
    const headers = { ...bearer(), "content-type": "multipart/form-data; boundary=xyz" };
    const reply = await streamed(`${world.url}${path}`, "POST", Readable.from(body()), headers);
    clearInterval(watching);
    expect(reply.status).toBe(201);
    const { id, size } = JSON.parse(reply.text).data.file;
    expect(size).toBe(100 * MEGABYTE.length);
    expect((most - before) / MEGABYTE.length).toBeLessThan(80);
    const end = await download(id, "bytes=-3");
    expect([end.status, [...new Uint8Array(await end.arrayBuffer())]]).toEqual([206, [7, 7, 7]]);
  }, 60_000);

  test("a sender that leaves in the middle leaves nothing behind", async () => {
    const headers = { ...bearer(), ...formOf([]).headers };
    const half = Readable.from(
      (async function* () {
        yield formOf([["name", "x"], file(MEGABYTE)]).raw.subarray(0, 500_000);
        throw new Error("left");
      })(),
    );
    await expect(streamed(`${world.url}${path}`, "POST", half, headers)).rejects.toThrow();
    await world.settled();
    expect([await listed(), await kept()]).toEqual([[], []]);
  });

  test("an Idempotency-Key makes one file of a form and its repetition, and 409 of another", async () => {
    const headers = { "idempotency-key": "file-1" };
    const first = await upload([["name", "x"], file()], { headers });
    const again = await upload([["name", "x"], file()], { headers, boundary: "other" });
    expect([again.body, again.headers.get("idempotent-replayed")]).toEqual([first.body, "true"]);
    const other = await upload([["name", "x"], file("other")], { headers });
    expect(errorOf(other)["code"]).toBe("IDEMPOTENCY_KEY_REUSE");
    const { id } = dataOf(first)["file"] as Json;
    expect(await kept()).toEqual([`${shop.productId}/${id}`]);
  });

  test("a platform that has read the body already is served as well", async () => {
    const handler = world.routed.get("v1");
    const server = createServer(async (ask, reply) => {
      handler?.(Object.assign(ask, { rawBody: await buffer(ask) }), reply);
    });
    await new Promise<void>((listening) => server.listen(0, listening));
    const { port } = server.address() as AddressInfo;
    const { raw, headers } = formOf([["name", "x"], file(MEGABYTE)]);
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...{ method: "POST", headers: { ...headers, ...bearer() }, body: raw },
    });
    expect([reply.status, (await listed())[0]]).toMatchObject([201, { size: MEGABYTE.length }]);
    server.close();
  });

  test("100 forms of random bytes are answered, and never by a fault", async () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const { raw } = formOf([["name", "x"], file(), ["public", "true"]]);
    for (let round = 0; round < 100; round++) {
      const broken = Uint8Array.from(raw, (byte) => (random() < 0.03 ? random() * 256 : byte));
      const headers = { "content-type": "multipart/form-data; boundary=xyz" };
      const cut = broken.slice(0, Math.ceil(random() * 1.3 * broken.length));
      const reply = await as(world, shop.boss, `POST ${path}`, { raw: cut, headers });
      expect([201, 400]).toContain(reply.status);
    }
    expect((await kept()).length).toBe((await listed()).length);
  });
});

type Announced = {
  readonly uploadId: string;
  readonly uploadUrl: string;
  readonly headers: Record<string, string>;
};
const announce = async (more: Json = {}, who: Person = shop.boss) => {
  const body = { name: "Installer", filename: "setup.exe", size: 10, ...more };
  return as(world, who, `POST ${path}/uploads`, { body });
};
const announced = async (more: Json = {}) =>
  dataOf(await announce(more)) as unknown as Announced & Json;
const put = async (url: string, body: string | Uint8Array = "0123456789") => {
  const reply = await fetch(url, { method: "PUT", body: new Uint8Array(Buffer.from(body)) });
  await world.settled();
  return { status: reply.status, body: (await reply.json()) as Json };
};
const complete = (uploadId: string, at = path) =>
  as(world, shop.boss, `POST ${at}/uploads/${uploadId}/complete`);

describe("a link", () => {
  beforeEach(() => opened());

  test("201 takes the bytes, and what has come becomes a file", async () => {
    const made = await announced({ public: true, mimeType: "text/html" });
    expect(made).toEqual({
      uploadId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      uploadUrl: expect.stringContaining(`${world.url}/v1/product-files/uploads/${made.uploadId}?`),
      method: "PUT",
      headers: {},
      expiresAt: "2026-11-20T10:00:00.000Z",
    });
    const early = await complete(made.uploadId);
    expect([early.status, errorOf(early)["code"]]).toEqual([409, "CONFLICT"]);
    const sent = await put(made.uploadUrl);
    expect(sent).toEqual({ status: 200, body: { ok: true, data: { received: 10 } } });
    const done = await complete(made.uploadId);
    expect([done.status, dataOf(done)["file"]]).toMatchObject([
      201,
      {
        id: made.uploadId,
        sha256: "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
        ...{ size: 10, mimeType: "application/octet-stream", public: true, filename: "setup.exe" },
      },
    ]);
    expect((await complete(made.uploadId)).body).toEqual(done.body);
    expect(await listed()).toHaveLength(1);
    const part = await download(made.uploadId, "bytes=8-");
    expect([part.status, await part.text()]).toEqual([206, "89"]);
  });

  test("403 one that was altered, has expired, was used or is completed", async () => {
    const { uploadId, uploadUrl } = await announced();
    const other = await announced();
    const status = async (url: string) => (await put(url)).status;
    const later = Date.parse("2026-11-21T09:00:00Z");
    expect(await status(uploadUrl.replace(/expires=\d+/, `expires=${later}`))).toBe(403);
    expect(await status(uploadUrl.replace(uploadId, other.uploadId))).toBe(403);
    expect(await status(uploadUrl.replace(/signature=./, "signature=%20"))).toBe(403);
    expect(await status(uploadUrl.replace(/&signature.*/, ""))).toBe(400);
    expect(await status(uploadUrl)).toBe(200);
    expect(await status(uploadUrl)).toBe(403);
    await complete(uploadId);
    expect(await status(uploadUrl)).toBe(403);
    world.clock.advance(HOUR);
    expect(await status(other.uploadUrl)).toBe(403);
    expect((await kept()).length).toBe(1);
  });

  test("400 more or fewer bytes than were announced leave none, and the link stays good", async () => {
    const { uploadId, uploadUrl } = await announced();
    for (const wrong of ["012345678", "01234567890", ""]) {
      expect(await put(uploadUrl, wrong)).toMatchObject({
        ...{ status: 400, body: { error: { code: "VALIDATION_ERROR" } } },
      });
      expect(await kept()).toEqual([]);
    }
    expect((await put(uploadUrl)).status).toBe(200);
    expect((await complete(uploadId)).status).toBe(201);
    const empty = await announced({ size: 0 });
    expect((await put(empty.uploadUrl, "")).status).toBe(200);
    expect((await complete(empty.uploadId)).status).toBe(201);
  });

  test("404 an upload of another product, of nobody, or of long ago", async () => {
    const { uploadId, uploadUrl } = await announced();
    await put(uploadUrl);
    const other = await openShop(world, { boss: shop.boss, handle: "prod_other" });
    const elsewhere = path.replace(shop.productId, other.productId);
    expect((await complete(uploadId, elsewhere)).status).toBe(404);
    expect((await complete(NOBODY)).status).toBe(404);
    const upload = await world.store.get(fileUploads, uploadId);
    if (!upload) throw new Error("no upload");
    const linkEndsAt = world.clock.now() - 12 * HOUR;
    const record = { ...upload, linkEndsAt };
    await world.store.commit([{ kind: "set", collection: fileUploads, record }]);
    expect((await complete(uploadId)).status).toBe(404);
    expect((await announce({ versionId: NOBODY })).status).toBe(404);
  });

  test.each([
    [{ size: MAX_FILE_BYTES + 1 }, 413],
    [{ size: -1 }, 400],
    [{ size: 1.5 }, 400],
    [{ size: "10" }, 400],
    [{ name: " " }, 400],
    [{ filename: "" }, 400],
    [{ public: "true" }, 400],
  ])("%j is answered %i", async (wrong, status) => {
    expect((await announce(wrong)).status).toBe(status);
  });

  test("browsers of the dashboard may use it", async () => {
    const { uploadUrl } = await announced();
    const origin = "https://dashboard.example.com";
    const asked = await fetch(uploadUrl, { method: "OPTIONS", headers: { origin } });
    expect(asked.headers.get("access-control-allow-origin")).toBe(origin);
  });

  test("40 MiB go through it, and 1 MiB stays the limit of JSON", async () => {
    const size = 40 * MEGABYTE.length;
    const { uploadId, uploadUrl } = await announced({ size });
    const chunks = Readable.from(Array<Uint8Array>(40).fill(MEGABYTE));
    expect((await streamed(uploadUrl, "PUT", chunks)).status).toBe(200);
    expect(dataOf(await complete(uploadId))["file"]).toMatchObject({ size });
    expect((await announce({ name: "x".repeat(MEGABYTE.length) })).status).toBe(413);
  }, 60_000);

  test("where a bucket takes the bytes, the link is the bucket's and what came is read again", async () => {
    const url = "https://storage.example.com/signed";
    const terms: unknown[] = [];
    const { blobs } = world.deps;
    const uploadLink: Blobs["uploadLink"] = async (...ask) => {
      terms.push(ask);
      return { url, headers: { "x-goog-if-generation-match": "0" } };
    };
    Object.assign(blobs, { uploadLink });
    const { uploadId, ...link } = await announced();
    expect(link).toMatchObject({ uploadUrl: url, headers: { "x-goog-if-generation-match": "0" } });
    const name = `${shop.productId}/${uploadId}`;
    const endsAt = world.clock.now() + HOUR;
    expect(terms).toEqual([[name, { size: 10, endsAt }]]);
    await blobs.put(name, Readable.from([Buffer.from("012")]));
    expect((await complete(uploadId)).status).toBe(400);
    await blobs.put(name, Readable.from([Buffer.from("PK\u0003\u0004567890")]));
    expect(dataOf(await complete(uploadId))["file"]).toMatchObject({ mimeType: "application/zip" });
  });
});

describe("the sweeper", () => {
  beforeEach(() => opened());

  /** Bytes that were written when a test says so. */
  function dated(written: Record<string, number>): string[] {
    const deleted: string[] = [];
    const { blobs } = world.deps;
    Object.assign(blobs, {
      list: async ({ after = "", limit }: { after?: string; limit: number }) => {
        const names = Object.keys(written).filter(
          (name) => name > after && !deleted.includes(name),
        );
        const items = names
          .sort()
          .slice(0, limit)
          .map((name) => ({
            name,
            isDraft: name.endsWith(".part"),
            writtenAt: written[name] ?? 0,
          }));
        return { items, next: names.length > limit ? items.at(-1)?.name : undefined };
      },
      delete: async (name: string) => void deleted.push(name),
    });
    return deleted;
  }

  test("deletes old bytes of no file and old drafts, and nothing that may still become one", async () => {
    const reply = await upload([["name", "x"], file()]);
    const { id } = dataOf(reply)["file"] as Json;
    const { uploadId } = await announced();
    const of = (name: unknown) => `${shop.productId}/${name}`;
    const now = world.clock.now();
    const stray = "0b0d2a0e-2e55-4c33-8f0b-9d8d0c2c9c10";
    const draft = of(`${stray}.${stray}.part`);
    const deleted = dated({
      [of(id)]: now - 9 * DAY,
      [of(uploadId)]: now - 9 * DAY,
      [of(stray)]: now - DAY,
      [`${NOBODY}/${id}`]: now - DAY,
      [of(NOBODY)]: now - DAY + 1,
      [draft]: now - DAY,
      [of(`${NOBODY}.${stray}.part`)]: now - DAY + 1,
    });
    expect(await sweepFiles(world.deps, { most: 100 })).toEqual({ uploads: 0, bytes: 3 });
    expect(deleted.toSorted()).toEqual([of(stray), draft, `${NOBODY}/${id}`].toSorted());
  });

  test("forgets what nobody completed in a day, with its bytes", async () => {
    const { uploadId, uploadUrl } = await announced();
    await put(uploadUrl);
    world.clock.advance(DAY - 1);
    expect((await sweepFiles(world.deps, { most: 10 })).uploads).toBe(0);
    world.clock.advance(1);
    expect((await sweepFiles(world.deps, { most: 10 })).uploads).toBe(1);
    expect(await world.store.get(fileUploads, uploadId)).toBeUndefined();
    expect(await kept()).toEqual([]);
  });

  test("looks at so many in a run, goes on from there, and begins anew after the last", async () => {
    const names = ["a", "b", "c", "d", "e"].map((name) => `p/${name}`);
    const deleted = dated(Object.fromEntries(names.map((name) => [name, 0])));
    const run = () => sweepFiles(world.deps, { most: 2 });
    await run();
    expect(deleted).toEqual(names.slice(0, 2));
    await run();
    expect(deleted).toEqual(names.slice(0, 4));
    await run();
    expect(deleted).toEqual(names);
    deleted.length = 0;
    await run();
    expect(deleted).toEqual(names.slice(0, 2));
  });

  test("takes away what a crash between bytes and record left, a day later", async () => {
    const crashing: World["deps"] = {
      ...world.deps,
      once: () => Promise.reject(new Error("crash")),
    };
    const bytes = Readable.from([Buffer.from("x")]);
    const about = { name: "a", filename: "a", versionId: null, planId: null, public: false };
    const record = putFile(crashing, { productId: shop.productId, bytes, ...about });
    await expect(record).rejects.toThrow("crash");
    expect([await listed(), (await kept()).length]).toEqual([[], 1]);
    const real = Date.now() - world.clock.now();
    world.clock.advance(real + DAY - HOUR);
    expect((await sweepFiles(world.deps, { most: 10 })).bytes).toBe(0);
    world.clock.advance(2 * HOUR);
    expect(await sweepFiles(world.deps, { most: 10 })).toEqual({ uploads: 0, bytes: 1 });
    expect(await kept()).toEqual([]);
  });
});

describe.each(useEngines())("on $name", ({ open }) => {
  beforeEach(() => opened({ store: open() }));

  test("of 8 that use a link at once one does, and 8 that complete it make one file", async () => {
    const { uploadId, uploadUrl } = await announced();
    const puts = await Promise.all(Array.from({ length: 8 }, () => put(uploadUrl)));
    const statuses = puts.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => ![200, 403, 503].includes(status))).toEqual([]);
    const all = await Promise.all(Array.from({ length: 8 }, () => complete(uploadId)));
    const ids = all.flatMap(({ status, body }) =>
      status === 201 ? [((body["data"] as Json)["file"] as Json)["id"]] : [],
    );
    expect(new Set(ids)).toEqual(new Set([uploadId]));
    const page = { equal: { productId: shop.productId }, limit: 10 };
    expect((await world.store.query(productFiles, "byProduct", page)).items).toHaveLength(1);
  }, 60_000);
});
