import { derivedId } from "../crypto/vault.ts";
import type { Deps } from "../operations/deps.ts";
import { idempotencyRecords } from "../store/collections.ts";
import { AlreadyExistsError, type DocumentStore } from "../store/document-store.ts";
import { meteredTransaction, newMeter } from "../store/metered.ts";
import { Problem } from "./problem.ts";
import type { Answer } from "./surface.ts";

const LIFE_MS = 86_400_000;
/** What is no answer to the request: as after a fault of ours, the retry shall find out for itself. */
const PASSING = new Set([401, 408, 425, 429]);
/** Of outcome and answer, in a document of 1 MiB. */
const MAX_LENGTH = 1_000_000;
const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/** The header's key, or `undefined` when there is none. */
export function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && KEY_FORM.test(header)) return header;
  throw new Problem(
    "INVALID_REQUEST",
    "Idempotency-Key: must be 1 to 255 printable ASCII characters",
    {
      fields: [
        { field: "Idempotency-Key", message: "must be 1 to 255 printable ASCII characters" },
      ],
    },
  );
}

type Repeatable = {
  readonly scope: readonly string[];
  readonly key: string;
  readonly input: unknown;
};

/** What is kept for the request's key, if it is the same request. */
async function recordFor(deps: Deps, { scope, key, input }: Repeatable) {
  const id = derivedId("idempotency", ...scope, key);
  const requestHash = deps.vault.hash("idempotency", JSON.stringify(input));
  const known = await deps.store.get(idempotencyRecords, id);
  const first = live(known, requestHash, deps.now());
  const answer: Answer | undefined = first?.answerSealed
    ? replayed(JSON.parse(deps.vault.open("idempotency", first.answerSealed)))
    : undefined;
  return { id, requestHash, known, first, answer };
}

/** The answer that the request was given before; `undefined` where it was given none. */
export const givenBefore = async (deps: Deps, request: Repeatable): Promise<Answer | undefined> =>
  (await recordFor(deps, request)).answer;

/**
 * Runs a request once for its key. The outcome of the change is kept in the change's own
 * transaction, the answer after it: a retry after the answer gets the answer, a retry after a crash
 * between the two gets an answer made from the outcome, and neither changes anything again.
 */
export async function runOnce(
  deps: Deps,
  request: Repeatable,
  run: (deps: Deps) => Promise<Answer>,
): Promise<Answer> {
  const { id, requestHash, known, first, answer: before } = await recordFor(deps, request);
  if (before) return before;
  let outcomeSealed = null as string | null;
  let repeated = false;
  const keptAs =
    (id: string, kept: (sealed: string, again: boolean) => void): DocumentStore["transaction"] =>
    async (body) => {
      let made: { readonly sealed: string; readonly again: boolean } | undefined;
      const outcome = await deps.store.transaction(async (tx) => {
        made = undefined;
        const record = live(await tx.get(idempotencyRecords, id), requestHash, deps.now());
        if (record?.outcomeSealed) {
          made = { sealed: record.outcomeSealed, again: true };
          return JSON.parse(deps.vault.open("idempotency", record.outcomeSealed));
        }
        const meter = newMeter();
        const outcome = await body(meteredTransaction(tx, meter));
        if (meter.writes > 0 && accepted(outcome)) {
          const sealed = deps.vault.seal("idempotency", JSON.stringify(outcome));
          made = { sealed, again: false };
          tx.set(idempotencyRecords, {
            id,
            requestHash,
            outcomeSealed: sealed,
            answerSealed: null,
            expireAt: deps.now() + LIFE_MS,
          });
        }
        return outcome;
      });
      if (made) kept(made.sealed, made.again);
      return outcome;
    };
  const once = keptAs(id, (sealed, again) => {
    outcomeSealed = sealed;
    repeated = again;
  });
  const oncePart = (part: string) =>
    keptAs(derivedId("idempotency-part", id, part), () => undefined);
  const answer = await run({ ...deps, once, oncePart });
  // What was made is not forgotten for what refused its repetition.
  if (first?.outcomeSealed && outcomeSealed === null) return answer;
  const answerSealed = deps.vault.seal("idempotency", JSON.stringify(answer));
  // One too long for a document beside the outcome is made from the outcome again.
  const fits = outcomeSealed === null || answerSealed.length + outcomeSealed.length < MAX_LENGTH;
  if (fits && answer.status < 500 && !PASSING.has(answer.status)) {
    const expireAt = deps.now() + LIFE_MS;
    const record = { id, requestHash, outcomeSealed, answerSealed, expireAt };
    // Nothing was made here: a copy of the request that came through meanwhile has the last word.
    const kind = outcomeSealed === null && !known ? "create" : "set";
    try {
      await deps.store.commit([{ kind, collection: idempotencyRecords, record }]);
    } catch (error) {
      if (kind === "create" && error instanceof AlreadyExistsError)
        return runOnce(deps, request, run);
      throw error;
    }
  }
  return repeated ? replayed(answer) : answer;
}

function live<R extends { requestHash: string; expireAt: number }>(
  record: R | undefined,
  requestHash: string,
  now: number,
): R | undefined {
  if (!record || record.expireAt <= now) return undefined;
  if (record.requestHash === requestHash) return record;
  throw new Problem(
    "IDEMPOTENCY_KEY_REUSED",
    "Idempotency-Key: was used with another request in the last 24 hours",
  );
}

const replayed = (answer: Answer): Answer => ({
  ...answer,
  headers: { ...answer.headers, "Idempotent-Replayed": "true" },
});

const accepted = (outcome: unknown): boolean =>
  typeof outcome === "object" && outcome !== null && "ok" in outcome && outcome.ok === true;
