import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Streamed } from "./streamed.ts";
import type { Answer } from "./surface.ts";

export function reply(response: ServerResponse, answer: Answer): void {
  const body = answer.body === undefined ? "" : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(body ? { "Content-Type": "application/json; charset=utf-8" } : {}),
    // Of what is not sent with 304 it would say another length.
    ...(answer.status === 304 ? {} : { "Content-Length": Buffer.byteLength(body) }),
    ...answer.headers,
  });
  response.end(body);
}

/** Takes the next chunk when the reader took the last. A fault destroys the connection: half a file is none. */
export async function send(
  response: ServerResponse,
  status: number,
  stream: Streamed,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  response.writeHead(status, { ...headers, ...stream.headers });
  await pipeline(Readable.from(stream.chunks), response);
}

const READER_LEFT = new Set<unknown>(["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_UNABLE_TO_PIPE"]);
export const readerLeft = (error: unknown) => READER_LEFT.has((error as { code?: unknown }).code);
