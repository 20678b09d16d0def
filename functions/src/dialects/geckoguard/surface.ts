import type { Refusal, RefusalCode } from "../../core/decision.ts";
import { type Problem, type ProblemCode, problemStatus } from "../../http/problem.ts";
import type { Answer, Surface } from "../../http/surface.ts";
import { dashboardRefusals, type Words } from "./dashboard-words.ts";
import { type Detail, failure } from "./envelope.ts";

/** What its operations may refuse (reference, section 20). */
const refusals: Partial<Record<RefusalCode, Words | ((refusal: Refusal) => Words)>> = {
  BLACKLIST_VALUE_INVALID: [
    400,
    "VALIDATION_ERROR",
    "Must be an IP address or a range such as 203.0.113.0/24",
  ],
  BLACKLIST_RANGES_TOO_MANY: ({ limit }) => [
    403,
    "LIMIT_EXCEEDED",
    `The blacklist has ${limit} address ranges, the most there may be`,
  ],
  BLACKLIST_ENTRY_NOT_FOUND: [404, "NOT_FOUND", "Blacklist entry not found"],
  APP_VARIABLE_NOT_FOUND: [404, "NOT_FOUND", "Variable not found"],
  APP_VARIABLES_TOO_MANY: ({ limit }) => [
    403,
    "LIMIT_EXCEEDED",
    `The product has ${limit} variables in this scope, the most there may be`,
  ],
  APP_VERSION_NOT_FOUND: [404, "NOT_FOUND", "Version not found"],
  APP_VERSION_TAKEN: [409, "CONFLICT", "The product has this version already"],
  APP_VERSIONS_TOO_MANY: ({ limit }) => [
    403,
    "LIMIT_EXCEEDED",
    `The product has ${limit} versions, the most there may be`,
  ],
  SESSION_NOT_FOUND: [404, "NOT_FOUND", "Session not found"],
  PRODUCT_FILE_NOT_FOUND: [404, "NOT_FOUND", "File not found"],
  PRODUCT_FILE_TOO_LARGE: ({ limit }) => [
    413,
    "PAYLOAD_TOO_LARGE",
    `The file is larger than ${limit} bytes`,
  ],
  UPLOAD_NOT_FOUND: [404, "NOT_FOUND", "Upload not found"],
  UPLOAD_NOT_RECEIVED: [409, "CONFLICT", "The bytes of the upload have not come yet"],
  UPLOAD_SIZE_WRONG: ({ limit }) => [
    400,
    "VALIDATION_ERROR",
    `The upload must have ${limit} bytes`,
  ],
  UPLOAD_LINK_INVALID: [403, "FORBIDDEN", "The upload link is not valid or has expired"],
  UPLOAD_LINK_USED: [403, "FORBIDDEN", "The upload link was used"],
  PRODUCT_NOT_FOUND: [404, "NOT_FOUND", "Product not found"],
  RATE_LIMITED: [429, "RATE_LIMITED", "Too many requests"],
  NONCE_REPLAYED: [401, "NONCE_REPLAYED", "Nonce has been used"],
  LICENSE_NOT_FOUND: [404, "NOT_FOUND", "License not found"],
  LICENSE_KEY_TAKEN: [409, "DUPLICATE_KEY", "License key already exists"],
  LICENSE_REVOKED: [409, "CONFLICT", "License is revoked"],
  PRODUCT_ARCHIVED: [409, "CONFLICT", "Product is archived"],
  RESET_LIMIT_REACHED: ({ retryAfterSeconds }) => [
    403,
    "LIMIT_REACHED",
    retryAfterSeconds === undefined
      ? "No device resets are left for this license"
      : "The next device reset is not possible yet",
  ],
  LICENSE_CLAIMED: [409, "ALREADY_CLAIMED", "License belongs to another account"],
  USER_BANNED: [403, "USER_BANNED", "Account is banned"],
  USERNAME_TAKEN: [409, "CONFLICT", "Username is already taken"],
  DOWNLOAD_LINK_INVALID: [401, "UNAUTHORIZED", "Download link is not valid"],
  DOWNLOAD_LINK_EXPIRED: [403, "FORBIDDEN", "Download link has expired"],
  END_USER_NOT_FOUND: [404, "NOT_FOUND", "End user not found"],
  EXPIRY_CONTRADICTORY: [400, "VALIDATION_ERROR", "Request validation failed"],
  INVALID_POLICY: [400, "INVALID_POLICY", "The policy is not valid"],
  ...dashboardRefusals,
  EXPIRY_PAST: [400, "VALIDATION_ERROR", "The expiry is in the past"],
};

/** What the edge says, where status or code are others than for native functions. */
const problems: Partial<Record<ProblemCode, readonly [status: number, code: string]>> = {
  INVALID_REQUEST: [400, "VALIDATION_ERROR"],
  UNAUTHENTICATED: [401, "UNAUTHORIZED"],
  IDEMPOTENCY_KEY_REUSED: [409, "IDEMPOTENCY_KEY_REUSE"],
  UNSUPPORTED_ENCODING: [400, "VALIDATION_ERROR"],
  TOO_MANY_FAILURES: [429, "RATE_LIMITED"],
  TOO_MANY_REQUESTS: [429, "RATE_LIMITED"],
  INTERNAL: [500, "INTERNAL_ERROR"],
  STORE_UNAVAILABLE: [503, "SERVICE_UNAVAILABLE"],
};

/** The codes of a field's `details` that are not ours: what the reference shows for a bad form. */
const fieldCodes: Readonly<Record<string, string>> = { invalid_format: "invalid_string" };

/** `{ok: false, error}`; the log and the failure limiter go by our own code. */
export const geckoguardSurface: Surface = {
  refusal(refusal): Answer {
    const known = refusals[refusal.code];
    if (!known) throw new Error(`GeckoGuard has no words for ${refusal.code}.`);
    const [status, code, message] = typeof known === "function" ? known(refusal) : known;
    const { field, why = message, retryAfterSeconds } = refusal;
    const named = field !== undefined && status === 400;
    const details = named ? [{ path: field, message: why, code: "custom" }] : [];
    const headers: Record<string, string> =
      retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) };
    return { status, body: failure(code, message, details), code: refusal.code, headers };
  },
  problem({ code, message, fields, headers, word }: Problem): Answer {
    const [status, wireCode] = problems[code] ?? [problemStatus[code], code];
    const details = fields.map(
      ({ field, message, code = "custom" }): Detail => ({
        path: field,
        message,
        code: fieldCodes[code] ?? code,
      }),
    );
    const words = details.length > 0 ? "Request validation failed" : message;
    return { status, body: failure(word ?? wireCode, words, details), code, headers };
  },
};
