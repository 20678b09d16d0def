import { sha256Hex } from "../../crypto/signatures.ts";
import { givenBefore, idempotencyKey, runOnce } from "../../http/idempotency.ts";
import { Problem, problemStatus } from "../../http/problem.ts";
import type { Asked } from "../../http/router.ts";
import type { Answer } from "../../http/surface.ts";
import type { Deps } from "../../operations/deps.ts";
import { geckoguardSurface } from "./surface.ts";

/**
 * Answers a change once for its `Idempotency-Key`, which is `who`'s own for that method and path; a
 * request is known again by its very bytes, or by what was read of them.
 */
export async function answered(
  deps: Deps,
  asked: Asked,
  who: string,
  run: (deps: Deps) => Promise<Answer>,
  input: () => unknown = () => inputOf(asked),
): Promise<Answer> {
  const key = keyOf(asked);
  if (key === undefined) return run(deps);
  return runOnce(deps, { scope: scopeOf(asked, who), key, input: input() }, (inner) =>
    run(inner).catch(worded),
  );
}

/** What `who` was answered before under the same `Idempotency-Key`, if anything was. */
export async function answeredBefore(
  deps: Deps,
  asked: Asked,
  who: string,
): Promise<Answer | undefined> {
  const key = keyOf(asked);
  if (key === undefined) return undefined;
  return givenBefore(deps, { scope: scopeOf(asked, who), key, input: inputOf(asked) });
}

const keyOf = ({ method, headers }: Asked): string | undefined =>
  method === "GET" ? undefined : idempotencyKey(headers["idempotency-key"]);

const scopeOf = ({ method, path }: Asked, who: string): string[] => ["v1", who, method, path];

const inputOf = (asked: Asked): unknown => [sha256Hex(asked.body), asked.query];

/** What is wrong with a request is its answer, too, and kept as such. */
function worded(error: unknown): Answer {
  if (!(error instanceof Problem) || problemStatus[error.code] >= 500) throw error;
  return geckoguardSurface.problem(error, "");
}
