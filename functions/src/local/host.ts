import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * The time a sender has for its whole request, and how often that is looked at: slow ones must not
 * hold connections open. Left alone, Node looks every 30 seconds.
 */
const PATIENCE = { requestTimeoutMs: 30_000, checkEveryMs: 5_000 };
/** Longer than the idle time of the proxies people put in front. */
const KEEP_ALIVE_MS = 65_000;

/** Serves each function at `/<name>`, each routed one at all that is under its name, and `GET /health`. */
export function createHost(
  functions: ReadonlyMap<string, Handler>,
  routed: ReadonlyMap<string, Handler> = new Map(),
  { requestTimeoutMs, checkEveryMs } = PATIENCE,
): Server {
  // Where it looks whether the store answers.
  const health = routed.get("v1");
  const timing = { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: checkEveryMs };
  const server = createServer(timing, (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const name = path.replaceAll(/^\/|\/$/g, "");
    const handler = functions.get(name) ?? routed.get(path.split("/", 2)[1] ?? "");
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
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}
