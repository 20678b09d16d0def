import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { type HttpsFunction, onRequest } from "firebase-functions/https";
import type { Deps } from "../operations/deps.ts";
import { boundSecrets, liveEdge } from "../runtime.ts";
import { conduct, type Notes, replyUnready, type Work } from "./conduct.ts";
import type { Edge } from "./edge.ts";
import { Problem } from "./problem.ts";
import { type EdgeRequest, readBody } from "./request.ts";
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
  /** Empty for a method that has none. */
  readonly body: Buffer;
  readonly notes: Notes;
};

export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Such as `/api/v1/projects/:projectId`. Of two that fit, the first is meant. */
  readonly path: string;
  /** How it words what goes wrong, where it has more to say than its dialect. */
  readonly surface?: Surface;
  readonly handle: (deps: Deps, asked: Asked) => Promise<Answer>;
};

/** Paths that share a wire format. */
export type Dialect = {
  readonly surface: Surface;
  readonly routes: readonly Route[];
  /** Beginnings of the paths that are its own, also where it has no route. */
  readonly owns?: readonly string[];
};

export type Router = {
  /** The function's deployed name, and the first part of the paths its callers know. */
  readonly name: string;
  /** The first answers for paths that none of them owns. */
  readonly dialects: readonly [Dialect, ...Dialect[]];
};

export type RoutedFunction = HttpsFunction & { readonly router: Router };

/** A deployable HTTPS function that has many paths. */
export function defineRouter(router: Router): RoutedFunction {
  const deployed = onRequest(
    { invoker: "public", memory: "256MiB", secrets: boundSecrets() },
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
  const answer: Work["answer"] = async (deps, notes) => {
    if (!("route" in found)) throw found.problem;
    const { method, handle } = found.route;
    const body = method === "GET" ? Buffer.alloc(0) : await readBody(request);
    const { headers } = request;
    return handle(deps, { method, path, query, parts: found.parts, headers, body, notes });
  };
  await conduct({ ...work, answer }, edge, request, response);
}

function destination(router: Router, request: EdgeRequest) {
  const [seen = "/", ...rest] = (request.url ?? "/").split("?");
  const path = pathAsSent(router.name, seen);
  const { surface, ...found } = find(router, request.method ?? "", path);
  const route = "route" in found ? `${found.route.method} ${found.route.path}` : "none";
  const work: Omit<Work, "answer"> = { name: router.name, route, surface, headers: () => ({}) };
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
  | { readonly problem: Problem }
);

function find({ dialects }: Router, method: string, path: string): Found {
  for (const { surface, routes } of dialects) {
    const fitting = routes.flatMap((route) => {
      const parts = partsOf(route.path, path);
      return parts ? [{ surface, route, parts }] : [];
    });
    const meant = fitting.find(({ route }) => route.method === method);
    if (meant) return { ...meant, surface: meant.route.surface ?? surface };
    if (fitting.length > 0) {
      const allowed = [...new Set(fitting.map(({ route }) => route.method))];
      const headers = { Allow: allowed.join(", ") };
      const words = `Use ${allowed.join(" or ")}.`;
      return { surface, problem: new Problem("METHOD_NOT_ALLOWED", words, { headers }) };
    }
  }
  const owner = dialects.find(({ owns = [] }) => owns.some((prefix) => path.startsWith(prefix)));
  const { surface } = owner ?? dialects[0];
  return { surface, problem: new Problem("NOT_FOUND", "There is nothing at this path.") };
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
