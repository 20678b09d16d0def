import * as z from "zod";
import { type ByteRange, type ProductFile, rangeOf } from "../../core/product-files.ts";
import { type Fields, parseFields, searchFields } from "../../http/request.ts";
import type { Asked, Route } from "../../http/router.ts";
import { Streamed } from "../../http/streamed.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import { followLink } from "../../operations/portal/downloads.ts";
import { findProductFile, openProductFile } from "../../operations/product-files/open-file.ts";
import { admitKey, requireScope, unauthorized } from "./authenticate.ts";
import { idsOf } from "./define-route.ts";
import { failure } from "./envelope.ts";
import { text, uuid } from "./fields.ts";
import { limitAddress } from "./limits.ts";
import { geckoguardSurface } from "./surface.ts";

/** Cloud Run turns away answers that are larger and say so; without a length it streams them. */
const LARGEST_MEASURED_BYTES = 32 * 1024 * 1024;

const route = (method: "GET" | "HEAD"): Route => ({
  method,
  path: "/v1/product-files/download/:fileId",
  async handle(deps, asked) {
    const file = await allowedFile(deps, asked);
    return "status" in file ? file : answered(deps, asked, file);
  },
});

export const downloadFile = route("GET");
export const describeFile = route("HEAD");

/**
 * A public file is anybody's, and one that a link of the portal is for its bearer's; of every other one
 * without a good key not even its existence is told.
 */
async function allowedFile(deps: Deps, asked: Asked): Promise<ProductFile | Answer> {
  const query = searchFields(new URLSearchParams(asked.query));
  if ("signature" in query) return linkedFile(deps, asked, query);
  const hasKey = asked.headers["x-api-key"] !== undefined;
  const caller = hasKey ? await admitKey(deps, asked) : undefined;
  if (!caller) await limitAddress(deps, asked);
  const { fileId = "" } = idsOf(asked.parts);
  const found = await findProductFile(deps, { fileId, productId: caller?.productId ?? null });
  if (found.ok && found.file.public) return found.file;
  if (!caller) throw unauthorized("Missing or invalid API key");
  requireScope(caller, "file:download");
  return found.ok ? found.file : geckoguardSurface.refusal(found);
}

const linkFields = z.object({
  user: uuid,
  expires: z
    .string()
    .regex(/^\d{1,12}$/, "must be Unix seconds")
    .transform(Number),
  signature: text(64),
});

async function linkedFile(deps: Deps, asked: Asked, query: Fields): Promise<ProductFile | Answer> {
  await limitAddress(deps, asked);
  const { fileId = "" } = idsOf(asked.parts);
  const { user: endUserId, expires, signature } = parseFields(linkFields, query);
  const found = await followLink(deps, { fileId, endUserId, expires, signature });
  return found.ok ? found.file : geckoguardSurface.refusal(found);
}

/** Conditions and ranges of RFC 9110, sections 13 and 14. */
async function answered(deps: Deps, asked: Asked, file: ProductFile): Promise<Answer> {
  const { headers, method } = asked;
  const etag = `"${file.sha256}"`;
  const modified = new Date(file.createdAt).toUTCString();
  const known = {
    ETag: etag,
    "Last-Modified": modified,
    "Accept-Ranges": "bytes",
    "Cache-Control": `${file.public ? "public" : "private"}, no-cache`,
  };
  if (namesTag(headers["if-none-match"], etag))
    return { status: 304, body: undefined, headers: known };
  const condition = headers["if-range"];
  const applies = condition === undefined || condition === etag || condition === modified;
  const range = rangeOf(applies && method === "GET" ? headers.range : undefined, file.size);
  if (range === undefined) {
    const words = `The file has ${file.size} bytes`;
    const body = failure("RANGE_NOT_SATISFIABLE", words);
    return { status: 416, body, headers: { ...known, "Content-Range": `bytes */${file.size}` } };
  }
  const whole = range === "all";
  const part: ByteRange = whole ? { first: 0, last: file.size - 1 } : range;
  const length = part.last - part.first + 1;
  const { mimeType: contentType, filename } = file;
  const described = new Streamed({ contentType, filename, chunks: nothing() });
  const more = {
    ...known,
    ...(method === "HEAD" || length <= LARGEST_MEASURED_BYTES
      ? { "Content-Length": `${length}` }
      : {}),
    ...(whole ? {} : { "Content-Range": `bytes ${part.first}-${part.last}/${file.size}` }),
  };
  if (method === "HEAD")
    return { status: 200, body: undefined, headers: { ...described.headers, ...more } };
  const chunks = openProductFile(deps, file, part);
  const stream = await new Streamed({ contentType, filename, chunks }).begun();
  return { status: whole ? 200 : 206, body: undefined, headers: more, stream };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Weak or strong makes no difference here. */
const namesTag = (header = "", etag: string): boolean =>
  header.split(",").some((tag) => [etag, "*"].includes(tag.trim().replace(/^W\//, "")));
