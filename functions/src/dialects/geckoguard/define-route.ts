import * as z from "zod";
import type { GeckoguardScope } from "../../core/api-keys.ts";
import type { Refusal } from "../../core/decision.ts";
import { type Fields, jsonFields, parseFields, searchFields } from "../../http/request.ts";
import { type Asked, nothingHere, type Route } from "../../http/router.ts";
import { Streamed } from "../../http/streamed.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Principal } from "../../operations/principal.ts";
import { answered } from "./answered.ts";
import { admitKey, bindTo, type KeyCaller, requireScope, unauthorized } from "./authenticate.ts";
import { success } from "./envelope.ts";
import { text, uuid } from "./fields.ts";
import { type Limits, limitAddress } from "./limits.ts";
import { geckoguardSurface } from "./surface.ts";

type Data = Readonly<Record<string, unknown>>;

/** What a success has as its `data`. */
export type Outcome = Data | Created | Streamed | Refusal;

/** A success of a change that may make something or find it there: this time it made it. */
export class Created {
  readonly data: Data;

  constructor(data: Data) {
    this.data = data;
  }
}

/** The names of a path's parts. */
type Parts<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Parts<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

export type Contract<Path extends string, Query extends z.ZodType, Body extends z.ZodType> = {
  readonly method: Route["method"];
  /** Its parts are UUIDs; `:productId` is the key's own product. */
  readonly path: Path;
  /** Parts that are no UUIDs. */
  readonly names?: readonly string[];
  readonly query?: Query;
  readonly body?: Body;
  /** How the body is read; as JSON when left out. */
  readonly fields?: (asked: Asked) => Fields;
  /** Of a success; 200 when left out. */
  readonly status?: 200 | 201;
};

export type Input<Path extends string, Query extends z.ZodType, Body extends z.ZodType> = {
  readonly ids: Readonly<Record<Parts<Path>, string>>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
};

export type NoFields = z.ZodObject<Record<never, z.ZodType>>;

/** Finds who sent a request, and answers it as theirs. */
type AnswerAs<Caller> = (
  deps: Deps,
  asked: Asked,
  run: (deps: Deps, caller: Caller) => Promise<Answer>,
) => Promise<Answer>;

/** A route for whom `as` lets in. */
export function routeFor<
  Path extends string,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Caller,
>(
  spec: Contract<Path, Query, Body> & {
    readonly handle: (
      deps: Deps,
      caller: Caller,
      input: Input<Path, Query, Body>,
    ) => Promise<Outcome>;
  },
  as: AnswerAs<Caller>,
): Route {
  const { method, path, query, body } = spec;
  return {
    method,
    path,
    query,
    body,
    handle: (deps, asked) =>
      as(deps, asked, (inner, caller) =>
        respond(spec, asked, (input) => spec.handle(inner, caller, input)),
      ),
  };
}

/** A route for API keys. The order of its checks is section 2.1 of the reference. */
export function keyRoute<
  const Path extends string,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  spec: Contract<Path, Query, Body> & {
    /** Null is any key. */
    readonly scope: GeckoguardScope | null;
    readonly handle: (
      deps: Deps,
      caller: KeyCaller,
      input: Input<Path, Query, Body>,
    ) => Promise<Outcome>;
  },
): Route {
  return routeFor(spec, async (deps, asked, run) => {
    const caller = await admitKey(deps, asked);
    const { productId } = asked.parts;
    if (productId !== undefined) bindTo(caller, idsOf({ productId }).productId);
    if (spec.scope !== null) requireScope(caller, spec.scope);
    return answered(deps, asked, caller.keyId, (inner) => run(inner, caller));
  });
}

/** A route for everybody. */
export function publicRoute<
  const Path extends string,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
>(
  spec: Contract<Path, Query, Body> & {
    readonly handle: (
      deps: Deps,
      input: Input<Path, Query, Body>,
      limits: Limits,
    ) => Promise<Outcome>;
  },
): Route {
  const handle = (deps: Deps, limits: Limits, input: Input<Path, Query, Body>) =>
    spec.handle(deps, input, limits);
  return routeFor({ ...spec, handle }, async (deps, asked, run) =>
    run(deps, await limitAddress(deps, asked)),
  );
}

/** A POST that makes something with the operator's own token; where there is none it is not there. */
export function bootstrapRoute<const Path extends string, Body extends z.ZodType>(spec: {
  readonly path: Path;
  readonly body: Body;
  readonly handle: (deps: Deps, principal: Principal, body: z.output<Body>) => Promise<Outcome>;
}): Route {
  const handle = (deps: Deps, principal: Principal, { body }: { body: z.output<Body> }) =>
    spec.handle(deps, principal, body);
  return routeFor({ ...spec, method: "POST", status: 201, handle }, async (deps, asked, run) => {
    await limitAddress(deps, asked);
    const token = asked.bootstrap(asked.headers["x-admin-token"]);
    if (token === "off") throw nothingHere();
    if (token === "wrong") throw unauthorized("Missing or invalid admin token");
    return answered(deps, asked, "bootstrap", (inner) => run(inner, { kind: "administrator" }));
  });
}

async function respond<Path extends string, Query extends z.ZodType, Body extends z.ZodType>(
  { query, body, names, fields, status = 200 }: Contract<Path, Query, Body>,
  asked: Asked,
  handle: (input: Input<Path, Query, Body>) => Promise<Outcome>,
): Promise<Answer> {
  const ids = idsOf(asked.parts, names) as Record<Parts<Path>, string>;
  const searched = searchFields(new URLSearchParams(asked.query));
  const sent = fields ? fields(asked) : jsonFields(asked.body);
  const outcome = await handle({
    ids,
    query: parseFields(query ?? noFields, searched) as z.output<Query>,
    body: parseFields(body ?? noFields, sent) as z.output<Body>,
  });
  if (outcome instanceof Streamed)
    return { status, body: undefined, stream: await outcome.begun() };
  if (outcome instanceof Created) return { status: 201, body: success(outcome.data) };
  return isRefusal(outcome)
    ? geckoguardSurface.refusal(outcome)
    : { status, body: success(outcome) };
}

const noFields = z.object({});

/** Throws `INVALID_REQUEST` where a part is no UUID: slugs are not ids, but where the part is a name. */
export function idsOf<Name extends string>(
  parts: Readonly<Record<Name, string>>,
  names: readonly string[] = [],
): Record<Name, string> {
  const isName = (part: string) => names.includes(part);
  const shape = Object.fromEntries(
    Object.keys(parts).map((part) => [part, isName(part) ? encodedName : uuid]),
  );
  return parseFields(z.object(shape), parts) as Record<Name, string>;
}

const encodedName = z
  .string()
  .transform((part, context) => {
    try {
      return decodeURIComponent(part);
    } catch {
      context.addIssue({ code: "custom", message: "must be percent-encoded UTF-8" });
      return z.NEVER;
    }
  })
  .pipe(text(256));

const isRefusal = (outcome: Data | Refusal): outcome is Refusal => outcome["ok"] === false;
