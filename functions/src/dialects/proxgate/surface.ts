import type { RefusalCode } from "../../core/decision.ts";
import { type Problem, type ProblemCode, problemStatus } from "../../http/problem.ts";
import type { Answer, Surface } from "../../http/surface.ts";

type Words = readonly [status: number, code: string, message: string];

const TOO_MANY = "Rate limit exceeded. Try again later.";

/** What its operations may refuse. A client knows 400, 401, 403, 404, 429 and 500 alone. */
const refusals: Partial<Record<RefusalCode, Words>> = {
  LICENSE_NOT_FOUND: [404, "LICENSE_NOT_FOUND", "License key not found"],
  LICENSE_EXPIRED: [403, "LICENSE_EXPIRED", "License has expired"],
  LICENSE_SUSPENDED: [403, "LICENSE_SUSPENDED", "License has been suspended"],
  LICENSE_REVOKED: [403, "LICENSE_REVOKED", "License has been revoked"],
  MACHINE_LIMIT_REACHED: [403, "ACTIVATION_LIMIT_REACHED", "Activation limit reached"],
  SEAT_LIMIT_REACHED: [403, "ACTIVATION_LIMIT_REACHED", "Activation limit reached"],
  NOT_ACTIVATED: [404, "ACTIVATION_NOT_FOUND", "Activation not found"],
  SITE_NOT_FOUND: [404, "SITE_NOT_FOUND", "Site not found"],
  SITE_REVOKED: [403, "SITE_REVOKED", "Site has been revoked"],
  RATE_LIMITED: [429, "RATE_LIMITED", TOO_MANY],
};

/** What the edge says, where status or code are others than for native functions. */
const problems: Partial<Record<ProblemCode, readonly [status: number, code: string]>> = {
  UNAUTHENTICATED: [401, "UNAUTHORIZED"],
  FORBIDDEN: [403, "INSUFFICIENT_SCOPE"],
  PAYLOAD_TOO_LARGE: [400, "INVALID_REQUEST"],
  UNSUPPORTED_ENCODING: [400, "INVALID_REQUEST"],
  TOO_MANY_FAILURES: [429, "RATE_LIMITED"],
  INTERNAL: [500, "INTERNAL_ERROR"],
  STORE_UNAVAILABLE: [500, "INTERNAL_ERROR"],
};

/**
 * `{success: false, error, message, code}`, the text twice, as clients look for it under either
 * name; `more` joins them. The log and the failure limit go by our own code.
 */
function surfaceWith(more: Readonly<Record<string, unknown>>): Surface {
  const failure = (code: string, message: string) => ({
    success: false,
    ...more,
    error: message,
    message,
    code,
  });
  return {
    refusal({ code, retryAfterSeconds }): Answer {
      const known = refusals[code];
      if (!known) throw new Error(`ProxGate has no words for ${code}.`);
      const [status, wireCode, message] = known;
      const headers: Record<string, string> =
        retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) };
      return { status, body: failure(wireCode, message), code, headers };
    },
    problem({ code, message, fields, headers }: Problem): Answer {
      const [status, wireCode] = problems[code] ?? [problemStatus[code], code];
      const details = fields.map((field) => ({ field: field.field, message: field.message }));
      const body = failure(wireCode, message);
      return {
        status,
        body: details.length > 0 ? { ...body, details } : body,
        code,
        headers,
      };
    },
  };
}

export const proxgateSurface: Surface = surfaceWith({});
/** Of `validate`: a client that tests `valid` alone is right too. */
export const validateSurface: Surface = surfaceWith({ valid: false });
