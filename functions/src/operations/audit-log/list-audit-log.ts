import type { AuditEntry } from "../../core/audit.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { auditEntries } from "../../store/collections.ts";
import type { Page, PageAsk, Range } from "../../store/document-store.ts";
import { accountToList } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

export type ListAuditLogAsk = PageAsk & {
  readonly creatorId?: string | undefined;
  /** At most one of the next three: each has an index with the time, pairs have none. */
  readonly action?: string | undefined;
  readonly targetId?: string | undefined;
  readonly keyId?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly from?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly to?: number | undefined;
};

/** Who changed what, newest first: of one account, or to the administrator of all. */
export async function listAuditLog(
  deps: Deps,
  principal: Principal,
  ask: ListAuditLogAsk,
): Promise<Decision<{ page: Page<AuditEntry> }>> {
  const owner = accountToList(principal, ask.creatorId);
  if (!owner.ok) return owner;
  return accept({ page: await pageOf(deps, owner.accountId, ask) });
}

function pageOf(deps: Deps, accountId: string | undefined, ask: ListAuditLogAsk) {
  const { store } = deps;
  const { action, targetId, keyId: actorKeyId } = ask;
  const range: Range = {
    ...(ask.from === undefined ? {} : { gte: ask.from }),
    ...(ask.to === undefined ? {} : { lt: ask.to }),
  };
  const page = { range, limit: ask.limit, after: ask.after };
  if (accountId === undefined) {
    if (action !== undefined)
      return store.query(auditEntries, "byAction", { equal: { action }, ...page });
    if (targetId !== undefined)
      return store.query(auditEntries, "byTarget", { equal: { targetId }, ...page });
    if (actorKeyId !== undefined)
      return store.query(auditEntries, "byKey", { equal: { actorKeyId }, ...page });
    return store.query(auditEntries, "newest", page);
  }
  if (action !== undefined) {
    const equal = { accountId, action };
    return store.query(auditEntries, "byAccountAndAction", { equal, ...page });
  }
  if (targetId !== undefined) {
    const equal = { accountId, targetId };
    return store.query(auditEntries, "byAccountAndTarget", { equal, ...page });
  }
  if (actorKeyId !== undefined) {
    const equal = { accountId, actorKeyId };
    return store.query(auditEntries, "byAccountAndKey", { equal, ...page });
  }
  return store.query(auditEntries, "byAccount", { equal: { accountId }, ...page });
}
