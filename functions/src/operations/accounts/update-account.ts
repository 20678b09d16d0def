import { accept, type Decision } from "../../core/decision.ts";
import { type Account, newAccount, type Plan } from "../../core/plans.ts";
import { accounts } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

/** Gives an account a plan, and makes the account if this is its first use. */
export function updateAccount(
  deps: Deps,
  principal: Principal,
  { accountId, plan }: { readonly accountId: string; readonly plan: Plan },
): Promise<Decision<{ account: Account }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ account: Account }>> => {
    const before = await tx.get(accounts, accountId);
    if (before?.plan === plan) return accept({ account: before });
    const account: Account = { ...(before ?? newAccount(accountId, now)), plan };
    tx.set(accounts, account);
    const action = "account.update";
    audit(tx, { accountId, action, targetId: accountId, before: before ?? null, after: account });
    return accept({ account });
  });
}
