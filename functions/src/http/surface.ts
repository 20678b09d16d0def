import type { Refusal } from "../core/decision.ts";
import type { Problem } from "./problem.ts";

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** How one wire format words what went wrong. Every code has an answer, or it does not compile. */
export type Surface = {
  readonly refusal: (refusal: Refusal) => Answer;
  readonly problem: (problem: Problem, requestId: string) => Answer;
};
