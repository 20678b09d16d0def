import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * The time a sender has for its whole request, and how often that is looked at: slow ones must not
 * hold connections open. Left alone, Node looks every 30 seconds. Who takes a file as it comes in looks
 * after that itself.
 */
const PATIENCE = { requestTimeoutMs: 30_000, checkEveryMs: 5_000 };
/** Longer than the idle time of the proxies people put in front. */
const KEEP_ALIVE_MS = 65_000;

type Exchange = {
  readonly request: IncomingMessage & { unhurried?: boolean };
  readonly response: ServerResponse;
};

/** What Node says of senders that it turns away, as it does itself where nobody listens. */
const WORDS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Serves each function at `/<name>`, each routed one at all that is under its name, and `GET /health`. */
export function createHost(
  functions: ReadonlyMap<string, Handler>,
  routed: ReadonlyMap<string, Handler> = new Map(),
  { requestTimeoutMs, checkEveryMs } = PATIENCE,
): Server {
  // Where it looks whether the store answers.
  const health = routed.get("v1");
  const timing = { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: checkEveryMs };
  const open = new WeakMap<Duplex, Exchange>();
  const server = createServer(timing, (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const name = path.replaceAll(/^\/|\/$/g, "");
    const handler = functions.get(name) ?? routed.get(path.split("/", 2)[1] ?? "");
    open.set(request.socket, { request, response });
    if (handler) handler(request, response);
    else if (name === "health" && health) {
      request.url = "/health";
      health(request, response);
    } else if (name === "health") send(response, 200, { ok: true });
    else {
      const error = `There is no function at ${JSON.stringify(path.slice(0, 100))}.`;
      send(response, 404, { success: false, error, code: "NOT_FOUND" });
    }
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const { request, response } = open.get(socket) ?? {};
    const isLate = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    if (isLate && request?.unhurried && !request.complete) return;
    const words = WORDS[error.code ?? ""] ?? "400 Bad Request";
    const answers = socket.writable && !(response?.headersSent && !response.writableFinished);
    if (answers) socket.write(`HTTP/1.1 ${words}\r\nConnection: close\r\n\r\n`);
    socket.destroy(error);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "X-Request-Id": randomUUID(),
  });
  response.end(text);
}
