import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type * as z from "zod";
import { type FieldProblem, Problem } from "./problem.ts";

export const BODY_LIMIT_BYTES = 1_048_576;
/** Read and dropped, so that the sender of a body that is too large hears why. */
const DRAIN_LIMIT_BYTES = 8 * BODY_LIMIT_BYTES;
const DRAIN_MS = 5_000;
const SILENCE_MS = 30_000;
const LONGEST_MS = 3_600_000;
/** Names that reach an object's prototype when somebody merges what was sent. */
const PROTOTYPE_NAMES = new Set(["__proto__", "constructor", "prototype"]);
const MAX_NAMED_FIELDS = 5;

/** A Cloud Functions request carries the body it has read; a plain one is still a stream. */
export type EdgeRequest = IncomingMessage & {
  readonly rawBody?: Buffer;
  /** It may take longer than others: its body is taken as it comes. */
  unhurried?: boolean;
};

export type Fields = Record<string, unknown>;

/** A request whose bytes count: its sender signed them. */
export type Received = {
  readonly raw: Buffer;
  readonly headers: IncomingHttpHeaders;
  /** Of fields that came twice, the first. */
  readonly query: Readonly<Record<string, string>>;
};

/** By which a webhook's origin is judged; what is empty is not set. */
export type WebhookCredentials = {
  readonly secret: string;
  /** The provider's id of the account whose sales these are. */
  readonly sellerId: string;
};

/** The path is taken as sent: one that begins with `//` names no host. */
const urlOf = (request: IncomingMessage): URL => new URL(`http://localhost${request.url ?? "/"}`);

export const queryFields = (request: IncomingMessage): Fields =>
  searchFields(urlOf(request).searchParams);

/** The query string's fields; one that is given twice is a list. */
export function searchFields(searchParams: URLSearchParams): Fields {
  const fields: Fields = {};
  for (const name of searchParams.keys()) {
    if (PROTOTYPE_NAMES.has(name)) throw prototypeName(name);
    const values = searchParams.getAll(name);
    fields[name] = values.length > 1 ? values : values[0];
  }
  return fields;
}

export const firstFields = (fields: Fields): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, String([value].flat()[0])]),
  );

export async function readBody(request: EdgeRequest): Promise<Buffer> {
  if (request.rawBody) {
    if (request.rawBody.length > BODY_LIMIT_BYTES) throw tooLarge();
    return request.rawBody;
  }
  requireUncompressed(request);
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the request: its sender would never be answered.
  const incoming: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > DRAIN_LIMIT_BYTES) break;
    if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
  }
  if (size > BODY_LIMIT_BYTES) throw tooLarge();
  return Buffer.concat(chunks, size);
}

export function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new Problem("INVALID_REQUEST", "The body is not valid UTF-8.");
  return body.toString("utf8");
}

function requireUncompressed({ headers }: EdgeRequest): void {
  if ((headers["content-encoding"] ?? "identity") === "identity") return;
  throw new Problem("UNSUPPORTED_ENCODING", "Content-Encoding: send the body uncompressed");
}

/** A body of any size, chunk by chunk. A sender that falls silent, or takes an hour, is cut off. */
export async function* incomingBytes(request: EdgeRequest): AsyncGenerator<Uint8Array> {
  requireUncompressed(request);
  if (request.rawBody) {
    yield request.rawBody;
    return;
  }
  let waiting = true;
  const silent = setTimeout(() => waiting && request.destroy(), SILENCE_MS).unref();
  const late = setTimeout(() => request.destroy(), LONGEST_MS).unref();
  try {
    const incoming: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of incoming) {
      waiting = false;
      yield chunk;
      waiting = true;
      silent.refresh();
    }
  } finally {
    clearTimeout(silent);
    clearTimeout(late);
  }
}

/**
 * Reads what is left of a body and drops it, so that its sender hears the answer; of a large one the
 * beginning. Whether something was left.
 */
export async function dropRest(request: EdgeRequest): Promise<boolean> {
  if (request.rawBody || request.complete || request.destroyed) return false;
  let size = 0;
  await new Promise<void>((done) => {
    const patience = setTimeout(done, DRAIN_MS).unref();
    const stop = () => {
      clearTimeout(patience);
      done();
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > DRAIN_LIMIT_BYTES) stop();
    });
    request.once("end", stop).once("close", stop).resume();
  });
  return true;
}

/** The fields of a JSON object; an empty body has none. */
export function jsonFields(body: Buffer): Fields {
  if (body.length === 0) return {};
  const text = textOf(body);
  let value: unknown;
  try {
    value = JSON.parse(text, (name, member) => {
      if (PROTOTYPE_NAMES.has(name)) throw prototypeName(name);
      return member;
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("INVALID_REQUEST", "The body is not valid JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem("INVALID_REQUEST", "The body must be a JSON object.");
  }
  return value as Fields;
}

/** The input, or a problem that names each field and what to do. */
export function parseFields<S extends z.ZodType>(schema: S, fields: Fields): z.output<S> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const needs = (name: PropertyKey) =>
    schema
      .safeParse({ ...fields, [name]: undefined })
      .error?.issues.some(
        ({ path, code }) => path.length === 1 && path[0] === name && code !== "custom",
      ) ?? false;
  const problems = new Map<string, FieldProblem>();
  for (const issue of parsed.error.issues) {
    for (const problem of fieldProblems(issue, fields, needs)) {
      if (!problems.has(problem.field)) problems.set(problem.field, problem);
    }
  }
  const named = [...problems.values()].slice(0, MAX_NAMED_FIELDS);
  throw new Problem(
    "INVALID_REQUEST",
    named.map(({ field, message }) => `${field}: ${message}`).join("; "),
    { fields: named },
  );
}

function fieldProblems(
  issue: z.core.$ZodIssue,
  fields: Fields,
  needs: (name: PropertyKey) => boolean,
): FieldProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => ({
      field: [...issue.path, name].join("."),
      message: "is not a field of this request",
      code: issue.code,
    }));
  }
  const field = issue.path.join(".") || "body";
  const [name, ...deeper] = issue.path;
  const top = name === undefined || deeper.length > 0 ? "given" : fields[String(name)];
  const absent = top === undefined || top === null || top === "";
  // What may be left out is not required, whatever is wrong with it.
  const missing = absent && name !== undefined && needs(name);
  const { code } = issue;
  return [{ field, message: missing ? "is required" : issue.message, missing, code }];
}

const tooLarge = () =>
  new Problem("PAYLOAD_TOO_LARGE", `The body is larger than ${BODY_LIMIT_BYTES} bytes.`, {
    headers: { Connection: "close" },
  });

const prototypeName = (name: string) =>
  new Problem("INVALID_REQUEST", `${name}: is not an allowed field name`, {
    fields: [{ field: name, message: "is not an allowed field name" }],
  });
