import type { Refusal } from "../core/decision.ts";
import type { Problem } from "./problem.ts";
import type { Streamed } from "./streamed.ts";

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  /** What the log and the failure limit call what went wrong. A body's `code` may be somebody's secret. */
  readonly code?: string;
  /** Sent in place of the body. */
  readonly stream?: Streamed;
  readonly headers?: Readonly<Record<string, string>>;
};

/** How one wire format words what went wrong. Every code has an answer, or it does not compile. */
export type Surface = {
  readonly refusal: (refusal: Refusal) => Answer;
  readonly problem: (problem: Problem, requestId: string) => Answer;
};
