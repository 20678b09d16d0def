import type { RedemptionCode, RedemptionLogEntry } from "../../core/redemption-codes.ts";
import { redemptionLog } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

const NEWEST = 100;

/** Prepares the log entry of one request, to be written with what it did. */
export function redemptionLogger(deps: Deps) {
  const id = deps.newId();
  const at = deps.now();
  return (
    tx: Transaction,
    { id: codeId, productId, accountId }: RedemptionCode,
    entry: Pick<RedemptionLogEntry, "by" | "address" | "result" | "reason">,
  ): void => tx.create(redemptionLog, { id, codeId, productId, accountId, at, ...entry });
}

/** The newest entries of a code's log, newest first. */
export async function codeLog(
  { store }: Pick<Deps, "store">,
  codeId: string,
): Promise<readonly RedemptionLogEntry[]> {
  const page = await store.query(redemptionLog, "byCode", { equal: { codeId }, limit: NEWEST });
  return page.items;
}
