import type { RefusalCode } from "../../core/decision.ts";
import { type Problem, type ProblemCode, problemStatus } from "../../http/problem.ts";
import type { Surface } from "../../http/surface.ts";

const RATE_LIMITED = "Rate limit exceeded. Please try again later.";

/** What its operations may refuse; business outcomes of a code are answers, not errors. */
const refusals: Partial<Record<RefusalCode, readonly [status: number, detail: string]>> = {
  PRODUCT_NOT_FOUND: [404, "Project not found"],
  PRODUCT_DISABLED: [401, "Project is disabled"],
  REDEMPTION_CODE_NOT_FOUND: [404, "Code not found"],
  RATE_LIMITED: [429, RATE_LIMITED],
};

/** Where the vendor has words of its own for what our edge says. */
const words: Partial<Record<ProblemCode, string>> = {
  NOT_FOUND: "Not Found",
  METHOD_NOT_ALLOWED: "Method Not Allowed",
  TOO_MANY_FAILURES: RATE_LIMITED,
  INTERNAL: "Internal Server Error",
};

/** `{"detail": "…"}`, always a string: the JavaScript SDK shows it as it is. */
export const codegateSurface: Surface = {
  refusal({ code, retryAfterSeconds }) {
    const known = refusals[code];
    if (!known) throw new Error(`CodeGate has no words for ${code}.`);
    const [status, detail] = known;
    const headers: Record<string, string> =
      retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) };
    return { status, body: { detail }, code, headers };
  },
  problem: (problem: Problem) => ({
    status: problemStatus[problem.code],
    body: { detail: words[problem.code] ?? problem.message },
    code: problem.code,
    headers: problem.headers,
  }),
};
