import type * as z from "zod";
import type { Refusal } from "../../core/decision.ts";
import { refuse } from "../../core/decision.ts";
import { undashed } from "../../core/licenses.ts";
import type { Product } from "../../core/records.ts";
import { digest } from "../../crypto/vault.ts";
import { Problem } from "../../http/problem.ts";
import { jsonFields, parseFields } from "../../http/request.ts";
import type { Asked, Route } from "../../http/router.ts";
import type { Deps } from "../../operations/deps.ts";
import { productOfKey } from "../../operations/products/product-of-key.ts";
import { authenticate } from "./authenticate.ts";
import { codegateSurface } from "./surface.ts";

const PROJECT_PATH = "/api/v1/projects/:projectId";
const FOREIGN = "Project ID in path does not match API Key's project";

type Outcome = Readonly<Record<string, unknown>> | Refusal;

/** A read: of a project that is switched off nothing is shown. */
export function read<I extends z.ZodType>(spec: {
  readonly path: string;
  /** Of the path's parts and the query's parameters; a parameter that is empty is left out. */
  readonly input: I;
  readonly handle: (deps: Deps, product: Product, input: z.output<I>) => Promise<Outcome>;
}): Route {
  const { path, input: query } = spec;
  return route({ method: "GET", path, query }, async (deps, asked, { productId, parameters }) => {
    const given = [...parameters].filter(([, value]) => value !== "");
    const parts = Object.entries(asked.parts).map(([name, part]) => [name, decodedPart(part)]);
    const input = parseFields(spec.input, Object.fromEntries([...given, ...parts]));
    const found = await productOfKey(deps, productId);
    if (!found.ok) return found;
    if (!found.product.enabled) return refuse("PRODUCT_DISABLED");
    return spec.handle(deps, found.product, input);
  });
}

/** A change of a code: what becomes of it is an answer, also where it is refused. */
export function change<I extends z.ZodType>(spec: {
  readonly path: string;
  readonly input: I;
  readonly handle: (deps: Deps, project: Project, input: z.output<I>) => Promise<Outcome>;
}): Route {
  const { path, input: body } = spec;
  return route({ method: "POST", path, body }, async (deps, asked, project) =>
    spec.handle(deps, project, parseFields(spec.input, jsonFields(asked.body))),
  );
}

export type Project = {
  readonly productId: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** What tells the request from all others: the same bytes at the same second have the same. */
  readonly proof: string;
};

function route(
  contract: Omit<Route, "handle">,
  handle: (deps: Deps, asked: Asked, project: Project) => Promise<Outcome>,
): Route {
  return {
    ...contract,
    path: PROJECT_PATH + contract.path,
    async handle(deps, asked) {
      const { caller, parameters } = await authenticate(deps, asked);
      asked.notes.keyUse(caller.use);
      const perMinute = deps.settings.codegateRequestsPerMinute;
      const taken = await deps.rateBudgets.take(deps.store, { id: caller.keyId, perMinute });
      if (!taken.ok) return codegateSurface.refusal(taken);
      if (asked.parts["projectId"] !== undashed(caller.productId)) {
        throw new Problem("FORBIDDEN", FOREIGN);
      }
      const { productId } = caller;
      const proof = digest(String(asked.headers["x-signature"]));
      const outcome = await handle(deps, asked, { productId, parameters, proof });
      return isRefusal(outcome) ? codegateSurface.refusal(outcome) : { status: 200, body: outcome };
    },
  };
}

function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Problem("INVALID_REQUEST", "The path is not percent-encoded UTF-8.");
  }
}

const isRefusal = (outcome: Outcome): outcome is Refusal => outcome["ok"] === false;
