import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { type HttpsFunction, onRequest } from "firebase-functions/https";
import type * as z from "zod";
import type { SecretName } from "../config.ts";
import { sameSecret } from "../crypto/vault.ts";
import type { Deps } from "../operations/deps.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";
import { conduct, type Notes, replyUnready, requestIdOf, type Work } from "./conduct.ts";
import { type CorsRule, crossOrigin, preflight } from "./cors.ts";
import type { Edge } from "./edge.ts";
import { Problem } from "./problem.ts";
import { reply } from "./reply.ts";
import { dropRest, type EdgeRequest, incomingBytes, readBody } from "./request.ts";
import type { Answer, Surface } from "./surface.ts";

/** A request as its sender signed it: nothing is decoded. */
export type Asked = {
  readonly method: string;
  /** As the sender knows it, whatever address the function was reached by. */
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
  /** The path's named parts, still percent-encoded. */
  readonly parts: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Empty for a method that has none. Throws what is wrong with it: who asks may come first. */
  readonly body: Buffer;
  /** The body as it comes in, where the route streams; it can be read once. */
  readonly incoming: () => AsyncIterable<Uint8Array>;
  readonly notes: Notes;
  /** What the operator lets that token do: make the first product and key, if anybody may. */
  readonly bootstrap: (token: unknown) => "off" | "wrong" | "right";
  readonly webhookCredentials: Edge["webhookCredentials"];
};

export type Route = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Such as `/api/v1/projects/:projectId`. Of two that fit, the first is meant. */
  readonly path: string;
  /** Takes the body as it comes in, whatever its size. */
  readonly streams?: true;
  /** Tells how the service does, also where too many requests of the address failed. */
  readonly tellsHealth?: true;
  /** How it words what goes wrong, where it has more to say than its dialect. */
  readonly surface?: Surface;
  /** What its handler checks the query's fields against, for those who send it requests. */
  readonly query?: z.ZodType | undefined;
  /** The same of the body. */
  readonly body?: z.ZodType | undefined;
  readonly handle: (deps: Deps, asked: Asked) => Promise<Answer>;
};

/** Paths that share a wire format. */
export type Dialect = {
  readonly surface: Surface;
  readonly routes: readonly Route[];
  /** Answers where it has no route, if it has more to say than the problem. */
  readonly unrouted?: (deps: Deps, asked: Asked, problem: Problem) => Promise<Answer>;
  /** Which of its paths browsers may call. */
  readonly cors?: readonly CorsRule[];
  /** Beginnings of the paths that are its own, also where it has no route. */
  readonly owns?: readonly string[];
};

export type Router = {
  /** The function's deployed name, and the first part of the paths its callers know. */
  readonly name: string;
  /** The first answers for paths that none of them owns. */
  readonly dialects: readonly [Dialect, ...Dialect[]];
  /** The longest that an answer may take; a minute when left out. */
  readonly timeoutSeconds?: number;
  /** What it proves the origin of requests by, besides what every function has. */
  readonly secrets?: readonly SecretName[];
};

export type RoutedFunction = HttpsFunction & { readonly router: Router };

/** A deployable HTTPS function that has many paths. */
export function defineRouter(router: Router): RoutedFunction {
  const deployed = onRequest(
    {
      invoker: "public",
      memory: "256MiB",
      timeoutSeconds: router.timeoutSeconds ?? 60,
      secrets: boundSecrets(router.secrets),
    },
    async (request, response) => {
      const edge = await liveEdge().catch((error: unknown) => {
        const { work } = destination(router, request as EdgeRequest);
        replyUnready(work, error, response);
      });
      if (edge) await serveRouter(router, edge, request as EdgeRequest, response);
    },
  );
  return Object.assign(deployed, { router });
}

/** Runs one request through the route it is for and writes the only response. */
export async function serveRouter(
  router: Router,
  edge: Edge,
  request: EdgeRequest,
  response: ServerResponse,
): Promise<void> {
  const { work, found, path, query } = destination(router, request);
  const rules = router.dialects.flatMap(({ cors = [] }) => cors);
  const shared = crossOrigin(rules, path, {
    origin: request.headers.origin,
    configured: edge.deps.settings.dashboard.origins,
  });
  if (shared && request.method === "OPTIONS") {
    reply(response, preflight(shared, requestIdOf(request)));
    return;
  }
  const answer: Work["answer"] = async (deps, notes) => {
    const { headers, method = "" } = request;
    const routed = "route" in found;
    const body =
      routed && !found.route.streams && method !== "GET" && method !== "HEAD"
        ? await readBody(request).catch(problem)
        : NO_BODY;
    const asked: Asked = {
      ...{ method, path, query, headers, notes },
      parts: routed ? found.parts : {},
      get body() {
        if (body instanceof Problem) throw body;
        return body;
      },
      incoming: () => incomingBytes(request),
      bootstrap: (token) => {
        if (edge.bootstrapToken === "") return "off";
        return typeof token === "string" && sameSecret(token, edge.bootstrapToken)
          ? "right"
          : "wrong";
      },
      webhookCredentials: edge.webhookCredentials,
    };
    if (routed) {
      return found.route.streams
        ? unhurried(request, notes, () => found.route.handle(deps, asked))
        : found.route.handle(deps, asked);
    }
    if (!found.unrouted) throw found.problem;
    return found.unrouted(deps, asked, found.problem);
  };
  await conduct({ ...work, headers: () => shared ?? {}, answer }, edge, request, response);
}

/** What the route did not read is dropped, and the connection with it. */
async function unhurried(
  request: EdgeRequest,
  notes: Notes,
  handle: () => Promise<Answer>,
): Promise<Answer> {
  request.unhurried = true;
  try {
    return await handle();
  } finally {
    if (await dropRest(request)) notes.headers({ Connection: "close" });
  }
}

const NO_BODY = Buffer.alloc(0);

function problem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

function destination(router: Router, request: EdgeRequest) {
  const [seen = "/", ...rest] = (request.url ?? "/").split("?");
  const path = pathAsSent(router.name, seen);
  const { surface, ...found } = find(router, request.method ?? "", path);
  const routed = "route" in found ? found.route : undefined;
  const route = routed ? `${routed.method} ${routed.path}` : "none";
  const tellsHealth = routed?.tellsHealth === true;
  const headers = () => ({});
  const work: Omit<Work, "answer"> = { name: router.name, route, surface, tellsHealth, headers };
  return { work, found, path, query: rest.join("?") };
}

/**
 * The path that the sender wrote and signed. At cloudfunctions.net the first part of it is the
 * function's name, and the function is not shown it; at run.app, behind a Hosting rewrite and on
 * the local server it is.
 */
const pathAsSent = (name: string, seen: string): string =>
  seen.startsWith(`/${name}/`) ? seen : `/${name}${seen}`;

type Found = { readonly surface: Surface } & (
  | { readonly route: Route; readonly parts: Readonly<Record<string, string>> }
  | { readonly problem: Problem; readonly unrouted: Dialect["unrouted"] }
);

/** What is said of a path that no route has, and of one that is to look so. */
export const nothingHere = () => new Problem("NOT_FOUND", "There is nothing at this path.");

function find({ dialects }: Router, method: string, path: string): Found {
  for (const { surface, routes, unrouted } of dialects) {
    const fitting = routes.flatMap((route) => {
      const parts = partsOf(route.path, path);
      return parts ? [{ surface, route, parts }] : [];
    });
    const meant = fitting.find(({ route }) => route.method === method);
    if (meant) return { ...meant, surface: meant.route.surface ?? surface };
    const [other] = fitting;
    if (other) {
      const allowed = [...new Set(fitting.map(({ route }) => route.method))];
      const headers = { Allow: allowed.join(", ") };
      const words = `Use ${allowed.join(" or ")}.`;
      const problem = new Problem("METHOD_NOT_ALLOWED", words, { headers });
      return { surface: other.route.surface ?? surface, unrouted, problem };
    }
  }
  const owner = dialects.find(({ owns = [] }) => owns.some((prefix) => path.startsWith(prefix)));
  const { surface, unrouted } = owner ?? dialects[0];
  const problem = nothingHere();
  return { surface, unrouted, problem };
}

/** The named parts, or `undefined` where the path is another; a part that is empty is none. */
function partsOf(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const part = given[index] ?? "";
    if (!want.startsWith(":")) {
      if (part !== want) return undefined;
    } else if (part === "") return undefined;
    else parts[want.slice(1)] = part;
  }
  return parts;
}
