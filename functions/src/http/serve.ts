import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { write } from "firebase-functions/logger";
import type { Refusal } from "../core/decision.ts";
import { canonicalLicenseKey } from "../core/license-keys.ts";
import type { KeyUse } from "../operations/api-keys/note-use.ts";
import type { Deps } from "../operations/deps.ts";
import type { Principal } from "../operations/principal.ts";
import { type Meter, metered } from "../store/metered.ts";
import { authenticate, authorize, takeCredentials } from "./authenticate.ts";
import { callerAddress, countryOf, networkOf } from "./caller.ts";
import type { Edge } from "./edge.ts";
import type { AnyEndpointSpec } from "./endpoint.ts";
import { describe, problemOf } from "./faults.ts";
import { idempotencyKey, runOnce } from "./idempotency.ts";
import { Problem } from "./problem.ts";
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

const REQUEST_ID_FORM = /^[\w.:-]{8,128}$/;
const PREFLIGHT_SECONDS = 86_400;

/** Runs one request through one endpoint and writes the only response. */
export async function serve(
  spec: AnyEndpointSpec,
  edge: Edge,
  request: EdgeRequest,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  const requestId = requestIdOf(request);
  const { store, meter } = metered(edge.deps.store);
  const network = networkOf(callerAddress(request, edge.trustedProxies));
  const beside: Promise<unknown>[] = [];
  const deps: Deps = {
    ...edge.deps,
    store,
    once: (body) => store.transaction(body),
    caller: { network, country: countryOf(request, edge.countryHeaders) },
    aside: (work) => {
      const failed = (error: unknown) => {
        const message = `${spec.name}: work beside the answer`;
        edge.log({ severity: "WARNING", message, requestId, error: describe(error) });
      };
      beside.push(work().catch(failed));
    },
  };
  if (spec.access === "public" && request.method === "OPTIONS") {
    reply(response, preflight(spec, requestId));
    return;
  }
  let answer: Answer;
  let use: KeyUse | undefined;
  try {
    const wait = edge.failures.blockedFor(network);
    if (wait !== undefined) throw tooManyFailures(wait);
    answer = await answerOf(spec, edge, deps, request, (used) => {
      use = used;
    });
  } catch (error) {
    // A sender that went away hears nothing.
    if (request.destroyed && !request.complete) return;
    const problem = problemOf(error, edge.log, { requestId, function: spec.name });
    answer = spec.surface.problem(problem, requestId);
  }
  if (guessed(answer)) edge.failures.failed(network);
  // On its way before the reply, as a deployed instance may get no CPU after it.
  const noted = use && edge.keyUses.note(use);
  if (noted) {
    meter.writes += 1;
    beside.push(noted);
  }
  const headers = { ...headersFor(spec, answer, requestId), ...answer.headers };
  if (answer.stream) {
    await send(response, answer.stream, headers).catch((error: unknown) => {
      if (readerLeft(error)) return;
      problemOf(error, edge.log, { requestId, function: spec.name });
    });
  } else reply(response, { ...answer, headers });
  const elapsedMs = performance.now() - startedAt;
  await Promise.all(beside);
  edge.log({
    ...accessEntry(spec, answer, requestId, meter, elapsedMs),
    ...(response.writableFinished || !answer.stream ? {} : { cutOff: true }),
  });
}

/** Answers for a service that could not start: a setting or the store is wrong. */
export function replyUnready(
  spec: AnyEndpointSpec,
  error: unknown,
  response: ServerResponse,
): void {
  const requestId = randomUUID();
  const problem = problemOf(error, write, { requestId, function: spec.name });
  const answer = spec.surface.problem(problem, requestId);
  reply(response, {
    ...answer,
    headers: { ...headersFor(spec, answer, requestId), ...answer.headers },
  });
}

async function answerOf(
  spec: AnyEndpointSpec,
  edge: Edge,
  deps: Deps,
  request: EdgeRequest,
  onKeyUse: (use: KeyUse) => void,
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
  const sent = method === "GET" ? query : jsonFields(await readBody(request));
  if (spec.access === "public") {
    const input = parseFields(spec.input, sent);
    return change(spec, deps, request, input, keyScope(deps, sent), (inner) =>
      spec.handle(inner, input),
    );
  }
  const { credentials, rest } = takeCredentials(request.headers, query, sent);
  const { principal, use } = await authenticate(deps, edge.adminSecret, credentials);
  if (use) onKeyUse(use);
  authorize(spec, principal);
  const input = parseFields(spec.input, rest);
  return change(spec, deps, request, input, principalScope(principal), (inner) =>
    spec.handle(inner, input, principal),
  );
}

/** Runs the handler, under the request's idempotency key where the endpoint changes something. */
async function change(
  spec: AnyEndpointSpec,
  deps: Deps,
  request: EdgeRequest,
  input: unknown,
  scope: string,
  handle: (deps: Deps) => Promise<unknown>,
): Promise<Answer> {
  const run = async (inner: Deps) => answered(spec, await handle(inner));
  const key = spec.mutates ? idempotencyKey(request.headers["idempotency-key"]) : undefined;
  return key === undefined
    ? run(deps)
    : runOnce(deps, { scope: [spec.name, scope], key, input }, run);
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

/** A product-bound key has its own: it must not be given what the account's other keys were answered. */
const principalScope = (principal: Principal): string => {
  if (principal.kind === "administrator") return "administrator";
  return principal.productIds === null
    ? principal.accountId
    : JSON.stringify([principal.accountId, principal.keyId]);
};

const isRefusal = (outcome: unknown): outcome is Refusal =>
  typeof outcome === "object" && outcome !== null && "ok" in outcome && outcome.ok === false;

const codeOf = ({ body }: Answer) => (body as { code?: string } | undefined)?.code;

/** Wrong credentials and unknown keys: what somebody who tries keys produces. */
const guessed = (answer: Answer): boolean => {
  const code = codeOf(answer);
  return code === "UNAUTHENTICATED" || code === "LICENSE_NOT_FOUND";
};

const tooManyFailures = (seconds: number) =>
  new Problem("TOO_MANY_FAILURES", "Too many failed requests from this address. Try again later.", {
    headers: { "Retry-After": String(seconds) },
  });

function requestIdOf(request: EdgeRequest): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID_FORM.test(given) ? given : randomUUID();
}

function headersFor(spec: AnyEndpointSpec, answer: Answer, requestId: string) {
  const cached = answer.status === 200 && spec.cacheSeconds !== undefined;
  return {
    "X-Request-Id": requestId,
    "Cache-Control": cached ? `public, max-age=${spec.cacheSeconds}` : "no-store",
    "X-Content-Type-Options": "nosniff",
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

function reply(response: ServerResponse, answer: Answer): void {
  const body = answer.body === undefined ? "" : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(body ? { "Content-Type": "application/json; charset=utf-8" } : {}),
    "Content-Length": Buffer.byteLength(body),
    ...answer.headers,
  });
  response.end(body);
}

/** Takes the next chunk when the reader took the last. A fault destroys the connection: half a file is none. */
async function send(
  response: ServerResponse,
  stream: Streamed,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  response.writeHead(200, { ...headers, ...stream.headers });
  await pipeline(Readable.from(stream.chunks), response);
}

const READER_LEFT = new Set<unknown>(["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_UNABLE_TO_PIPE"]);
const readerLeft = (error: unknown) => READER_LEFT.has((error as { code?: unknown }).code);

const accessEntry = (
  spec: AnyEndpointSpec,
  answer: Answer,
  requestId: string,
  meter: Meter,
  elapsedMs: number,
) => ({
  severity: "INFO" as const,
  message: `${spec.name} ${answer.status}`,
  requestId,
  function: spec.name,
  status: answer.status,
  code: codeOf(answer),
  ...meter,
  ms: Math.round(elapsedMs * 10) / 10,
});
