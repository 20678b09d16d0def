import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { write } from "firebase-functions/logger";
import type { KeyUse } from "../operations/api-keys/note-use.ts";
import type { Deps } from "../operations/deps.ts";
import { type Meter, metered } from "../store/metered.ts";
import { callerAddress, countryOf, networkOf } from "./caller.ts";
import type { Edge } from "./edge.ts";
import { describe, problemOf } from "./faults.ts";
import { Problem } from "./problem.ts";
import { readerLeft, reply, send } from "./reply.ts";
import type { EdgeRequest } from "./request.ts";
import type { Answer, Surface } from "./surface.ts";

const REQUEST_ID_FORM = /^[\w.:-]{8,128}$/;

/** One request's way to its answer; everything around it is the same for all. */
export type Work = {
  /** The deployed function's name. */
  readonly name: string;
  /** The path's pattern, where a function has several. */
  readonly route?: string;
  readonly surface: Surface;
  /** It is answered however many requests of the address failed. */
  readonly tellsHealth?: boolean;
  readonly headers: (answer: Answer) => Readonly<Record<string, string>>;
  readonly answer: (deps: Deps, notes: Notes) => Promise<Answer>;
};

/** What holds for the request however it ends. */
export type Notes = {
  /** The API key that it was sent with. */
  readonly keyUse: (use: KeyUse) => void;
  /** What every answer from here on says in its headers, a fault's too. */
  readonly headers: (more: Readonly<Record<string, string>>) => void;
};

/** Does the work within the limits, and writes the only response and the only access log line. */
export async function conduct(
  work: Work,
  edge: Edge,
  request: EdgeRequest,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  const requestId = requestIdOf(request);
  const { store, meter } = metered(edge.deps.store);
  const address = callerAddress(request, edge.trustedProxies);
  const network = networkOf(address);
  const beside: Promise<unknown>[] = [];
  const deps: Deps = {
    ...edge.deps,
    store,
    once: (body) => store.transaction(body),
    oncePart: () => (body) => store.transaction(body),
    caller: { address, network, country: countryOf(request, edge) },
    aside: (task) => {
      const failed = (error: unknown) => {
        const message = `${work.name}: work beside the answer`;
        edge.log({ severity: "WARNING", message, requestId, error: describe(error) });
      };
      beside.push(task().catch(failed));
    },
  };
  let answer: Answer;
  let use: KeyUse | undefined;
  let noted: Readonly<Record<string, string>> = {};
  try {
    const wait = work.tellsHealth ? undefined : edge.failures.blockedFor(network);
    if (wait !== undefined) throw tooManyFailures(wait);
    answer = await work.answer(deps, {
      keyUse: (used) => {
        use = used;
      },
      headers: (more) => {
        noted = { ...noted, ...more };
      },
    });
  } catch (error) {
    // A sender that went away hears nothing.
    if (request.destroyed && !request.complete) return;
    const problem = problemOf(error, edge.log, { requestId, function: work.name });
    answer = work.surface.problem(problem, requestId);
  }
  if (guessed(answer)) edge.failures.failed(network);
  // On its way before the reply, as a deployed instance may get no CPU after it.
  const useNoted = use && edge.keyUses.note(use);
  if (useNoted) {
    meter.writes += 1;
    beside.push(useNoted);
  }
  const headers = { ...noted, ...headersOf(work, answer, requestId) };
  if (answer.stream) {
    await send(response, answer.status, answer.stream, headers).catch((error: unknown) => {
      if (readerLeft(error)) return;
      problemOf(error, edge.log, { requestId, function: work.name });
    });
  } else reply(response, { ...answer, headers });
  const elapsedMs = performance.now() - startedAt;
  await Promise.all(beside);
  edge.log({
    ...accessEntry(work, answer, requestId, meter, elapsedMs),
    ...(response.writableFinished || !answer.stream ? {} : { cutOff: true }),
  });
}

/** Answers for a service that could not start: a setting or the store is wrong. */
export function replyUnready(
  work: Pick<Work, "name" | "surface" | "headers">,
  error: unknown,
  response: ServerResponse,
): void {
  const requestId = randomUUID();
  const problem = problemOf(error, write, { requestId, function: work.name });
  const answer = work.surface.problem(problem, requestId);
  reply(response, {
    ...answer,
    headers: headersOf(work, answer, requestId),
  });
}

/** Wrong credentials and unknown keys: what somebody who tries keys produces. */
const guessed = ({ code }: Answer): boolean => code !== undefined && GUESSES.has(code);
const GUESSES = new Set([
  "UNAUTHENTICATED",
  "LICENSE_NOT_FOUND",
  "CREDENTIALS_WRONG",
  "TOTP_CODE_WRONG",
  "REFRESH_TOKEN_INVALID",
  "LINK_INVALID",
  "DOWNLOAD_LINK_INVALID",
]);

const tooManyFailures = (seconds: number) =>
  new Problem("TOO_MANY_FAILURES", "Too many failed requests from this address. Try again later.", {
    headers: { "Retry-After": String(seconds) },
  });

export function requestIdOf(request: EdgeRequest): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID_FORM.test(given) ? given : randomUUID();
}

const headersOf = (work: Pick<Work, "headers">, answer: Answer, requestId: string) => ({
  "X-Request-Id": requestId,
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  ...work.headers(answer),
  ...answer.headers,
});

const accessEntry = (
  work: Work,
  answer: Answer,
  requestId: string,
  meter: Meter,
  elapsedMs: number,
) => ({
  severity: "INFO" as const,
  message: `${work.name} ${answer.status}`,
  requestId,
  function: work.name,
  ...(work.route === undefined ? {} : { route: work.route }),
  status: answer.status,
  code: answer.code,
  ...meter,
  ms: Math.round(elapsedMs * 10) / 10,
});
