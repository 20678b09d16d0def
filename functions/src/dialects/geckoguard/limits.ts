import { derivedId } from "../../crypto/vault.ts";
import { Problem } from "../../http/problem.ts";
import { rateHeaders } from "../../http/rate-headers.ts";
import type { Asked } from "../../http/router.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Budget } from "../../operations/rate-budgets/take-request.ts";

type Bucket = keyof Deps["settings"]["geckoguardPerMinute"];

/** The buckets that one request is counted in. */
export type Limits = {
  /**
   * Counts the request in the bucket of that name and owner, and has the answer tell of the tightest
   * so far. Throws `TOO_MANY_REQUESTS` where it is used up.
   */
  readonly take: (bucket: Bucket, owner: string) => Promise<void>;
  /** Has the answer tell of a bucket that was counted elsewhere, where it is the tightest. */
  readonly tell: (budget: Budget) => void;
};

function limitsOf(deps: Deps, notes: Asked["notes"]): Limits {
  let tightest: Budget | undefined;
  const tell = (budget: Budget) => {
    if (tightest && budget.remaining > tightest.remaining) return;
    tightest = budget;
    notes.headers(rateHeaders(budget));
  };
  return {
    tell,
    async take(bucket, owner) {
      const taken = await deps.rateBudgets.take(deps.store, {
        id: derivedId("geckoguard", bucket, owner),
        perMinute: deps.settings.geckoguardPerMinute[bucket],
      });
      const { budget } = taken;
      if (budget) tell(budget);
      if (!taken.ok) throw usedUp(bucket, taken.retryAfterSeconds ?? 1);
    },
  };
}

const CREDENTIALS = ["x-api-key", "authorization", "x-admin-token"];

/** Counts a request where it comes from: whoever shows no credential has less. */
export async function limitAddress(deps: Deps, { headers, notes }: Asked): Promise<Limits> {
  const limits = limitsOf(deps, notes);
  const { network } = deps.caller;
  if (!CREDENTIALS.some((name) => headers[name])) await limits.take("anonymous", network);
  await limits.take("address", network);
  return limits;
}

const usedUp = (bucket: Bucket, seconds: number) =>
  new Problem("TOO_MANY_REQUESTS", "Too many requests", {
    headers: { "Retry-After": String(seconds) },
    word: bucket === "product" ? "PRODUCT_RATE_LIMITED" : "RATE_LIMITED",
  });
