import { accept, type Decision, refuse } from "../core/decision.ts";
import { newAccount } from "../core/plans.ts";
import { accounts } from "../store/collections.ts";
import type { Reader, Transaction } from "../store/document-store.ts";
import { DEFAULT_ACCOUNT, type Principal } from "./principal.ts";

/** The account that will own what is made. An API key cannot choose another than its own. */
export function owningAccount(
  principal: Principal,
  creatorId: string | undefined,
): Decision<{ accountId: string }> {
  if (principal.kind === "administrator")
    return accept({ accountId: creatorId ?? DEFAULT_ACCOUNT });
  if (creatorId !== undefined && creatorId !== principal.accountId) {
    return refuse("ACCOUNT_FIXED", { field: "creatorId" });
  }
  return accept({ accountId: principal.accountId });
}

/** Whose things a list holds: an API key's own account, or what the administrator asks for; `undefined` is all. */
export function accountToList(
  principal: Principal,
  creatorId: string | undefined,
): Decision<{ accountId: string | undefined }> {
  return principal.kind === "administrator"
    ? accept({ accountId: creatorId })
    : owningAccount(principal, creatorId);
}

/** Reads now, and returns the write that makes the account if this is its first use. */
export async function accountOnFirstUse(reader: Reader, accountId: string, now: number) {
  const account = await reader.get(accounts, accountId);
  return (tx: Transaction) => {
    if (!account) tx.create(accounts, newAccount(accountId, now));
  };
}
