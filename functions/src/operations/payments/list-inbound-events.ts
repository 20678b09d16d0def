import { accept, type Decision } from "../../core/decision.ts";
import type { InboundEvent } from "../../core/purchases.ts";
import { inboundEvents } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import { accountToList } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { type Rejections, rejectionsToday } from "./rejections.ts";

export type ListInboundEventsAsk = PageAsk & {
  readonly creatorId?: string | undefined;
  readonly status?: InboundEvent["status"] | undefined;
};

/** What payment providers announced, newest first: of one account, or to the administrator of all. */
export async function listInboundEvents(
  deps: Deps,
  principal: Principal,
  { creatorId, status, ...page }: ListInboundEventsAsk,
): Promise<Decision<{ page: Page<InboundEvent>; rejected: Rejections | undefined }>> {
  const owner = accountToList(principal, creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  const { store } = deps;
  const events = inboundEvents;
  if (accountId === undefined) {
    return accept({
      page: await (status === undefined
        ? store.query(events, "newest", page)
        : store.query(events, "byStatus", { equal: { status }, ...page })),
      rejected: await rejectionsToday(deps),
    });
  }
  return accept({
    rejected: undefined,
    page: await (status === undefined
      ? store.query(events, "byAccount", { equal: { accountId }, ...page })
      : store.query(events, "byAccountAndStatus", { equal: { accountId, status }, ...page })),
  });
}
