import type { ServerResponse } from "node:http";
import type { Refusal } from "../core/decision.ts";
import { canonicalLicenseKey } from "../core/license-keys.ts";
import type { Deps } from "../operations/deps.ts";
import { type Principal, SERVICE_ACCOUNT } from "../operations/principal.ts";
import { authenticate, authorize, takeCredentials } from "./authenticate.ts";
import { conduct, type Notes, requestIdOf, type Work } from "./conduct.ts";
import type { Edge } from "./edge.ts";
import type { AnyEndpointSpec } from "./endpoint.ts";
import { idempotencyKey, runOnce } from "./idempotency.ts";
import { Problem } from "./problem.ts";
import { reply } from "./reply.ts";
import {
  type EdgeRequest,
  type Fields,
  firstFields,
  jsonFields,
  parseFields,
  queryFields,
  readBody,
} from "./request.ts";
import { Streamed } from "./streamed.ts";
import type { Answer } from "./surface.ts";

const PREFLIGHT_SECONDS = 86_400;

/** Runs one request through one endpoint and writes the only response. */
export async function serve(
  spec: AnyEndpointSpec,
  edge: Edge,
  request: EdgeRequest,
  response: ServerResponse,
): Promise<void> {
  if (spec.access === "public" && request.method === "OPTIONS") {
    reply(response, preflight(spec, requestIdOf(request)));
    return;
  }
  const work: Work = {
    ...outwardly(spec),
    answer: (deps, notes) => answerOf(spec, edge, deps, request, notes),
  };
  await conduct(work, edge, request, response);
}

/** How an endpoint looks from outside, whatever it answers. */
export const outwardly = (spec: AnyEndpointSpec): Omit<Work, "answer"> => ({
  name: spec.name,
  surface: spec.surface,
  headers: (answer) => headersFor(spec, answer),
});

async function answerOf(
  spec: AnyEndpointSpec,
  edge: Edge,
  deps: Deps,
  request: EdgeRequest,
  notes: Notes,
): Promise<Answer> {
  const method = request.method ?? "";
  if (!spec.methods.some((allowed) => allowed === method)) {
    throw new Problem("METHOD_NOT_ALLOWED", `Use ${spec.methods.join(" or ")}.`, {
      headers: { Allow: spec.methods.join(", ") },
    });
  }
  const query = queryFields(request);
  if (spec.access === "webhook") {
    const raw = await readBody(request);
    const received = { raw, headers: request.headers, query: firstFields(query) };
    return answered(
      spec,
      await spec.handle(deps, received, edge.webhookCredentials(spec.provider)),
    );
  }
  const body = method === "GET" ? undefined : jsonFields(await readBody(request));
  if (spec.access === "public") {
    const sent = body ?? query;
    const input = parseFields(spec.input, sent);
    const scope = () => keyScope(deps, sent);
    return change(spec, deps, request, { input, scope }, (inner) => spec.handle(inner, input));
  }
  const { credentials, rest } = takeCredentials(request.headers, query, body);
  const { principal, use } = await authenticate(deps, edge.adminSecret, credentials);
  if (use) notes.keyUse(use);
  authorize(spec, principal);
  const input = parseFields(spec.input, rest);
  const scope = () => principalScope(principal);
  return change(spec, deps, request, { input, scope }, (inner) =>
    spec.handle(inner, input, principal),
  );
}

/** Runs the handler, under the request's idempotency key where the endpoint changes something. */
async function change(
  spec: AnyEndpointSpec,
  deps: Deps,
  request: EdgeRequest,
  asked: { readonly input: unknown; readonly scope: () => string },
  handle: (deps: Deps) => Promise<unknown>,
): Promise<Answer> {
  const run = async (inner: Deps) => answered(spec, await handle(inner));
  const key = spec.mutates ? idempotencyKey(request.headers["idempotency-key"]) : undefined;
  return key === undefined
    ? run(deps)
    : runOnce(deps, { scope: [spec.name, asked.scope()], key, input: asked.input }, run);
}

async function answered(spec: AnyEndpointSpec, outcome: unknown): Promise<Answer> {
  if (isRefusal(outcome)) return spec.surface.refusal(outcome);
  const body = spec.output.parse(outcome);
  return body instanceof Streamed
    ? { status: 200, body: undefined, stream: await body.begun() }
    : { status: 200, body };
}

/** Two customers may choose the same idempotency key; a license key tells them apart. */
const keyScope = (deps: Deps, sent: Fields): string =>
  typeof sent["licenseKey"] === "string"
    ? deps.vault.hash("license-key", canonicalLicenseKey(sent["licenseKey"]))
    : "";

/**
 * No account can have the administrator's. A product-bound key has its own: it must not be given what
 * the account's other keys were answered.
 */
const principalScope = (principal: Principal): string => {
  if (principal.kind === "administrator") return SERVICE_ACCOUNT;
  if (principal.kind === "member") return JSON.stringify([principal.accountId, principal.userId]);
  return principal.productIds === null
    ? principal.accountId
    : JSON.stringify([principal.accountId, principal.keyId]);
};

const isRefusal = (outcome: unknown): outcome is Refusal =>
  typeof outcome === "object" && outcome !== null && "ok" in outcome && outcome.ok === false;

function headersFor(spec: AnyEndpointSpec, answer: Answer): Record<string, string> {
  const cached = answer.status === 200 && spec.cacheSeconds !== undefined;
  return {
    ...(cached ? { "Cache-Control": `public, max-age=${spec.cacheSeconds}` } : {}),
    ...(spec.access === "public"
      ? {
          "Access-Control-Allow-Origin": "*",
          "Access-Control-Expose-Headers": "X-Request-Id, Retry-After, Idempotent-Replayed",
        }
      : {}),
  };
}

const preflight = (spec: AnyEndpointSpec, requestId: string): Answer => ({
  status: 204,
  body: undefined,
  headers: {
    "X-Request-Id": requestId,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": spec.methods.join(", "),
    "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key, X-Request-Id",
    "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
  },
});
