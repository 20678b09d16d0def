import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Account } from "../../core/plans.ts";
import { accounts } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** An account, for the administrator. */
export async function getAccount(
  deps: Pick<Deps, "store">,
  accountId: string,
): Promise<Decision<{ account: Account }>> {
  const account = await deps.store.get(accounts, accountId);
  return account ? accept({ account }) : refuse("ACCOUNT_NOT_FOUND", { field: "creatorId" });
}
