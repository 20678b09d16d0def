import { requestsPerMinute } from "../../core/plans.ts";
import { derivedId } from "../../crypto/vault.ts";
import type { Deps } from "../deps.ts";
import type { Taken } from "../rate-budgets/take-request.ts";

/** Counts one request of the account's plan, which all its keys share. */
export async function takePlanned(
  deps: Pick<Deps, "store" | "planOf" | "rateBudgets">,
  accountId: string,
): Promise<Taken> {
  const perMinute = requestsPerMinute(await deps.planOf(accountId));
  return deps.rateBudgets.take(deps.store, { id: derivedId("plan", accountId), perMinute });
}
