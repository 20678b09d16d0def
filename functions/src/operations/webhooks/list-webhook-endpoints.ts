import { accept, type Decision } from "../../core/decision.ts";
import type { WebhookEndpoint } from "../../core/webhooks.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import { accountToList } from "../accounts.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

export type ListWebhookEndpointsAsk = PageAsk & { readonly creatorId?: string | undefined };

/** Endpoints, newest first: of one account, or to the administrator of all. */
export async function listWebhookEndpoints(
  { store }: Deps,
  principal: Principal,
  { creatorId, ...page }: ListWebhookEndpointsAsk,
): Promise<Decision<{ page: Page<WebhookEndpoint> }>> {
  const owner = accountToList(principal, creatorId);
  if (!owner.ok) return owner;
  const { accountId } = owner;
  return accept({
    page: await (accountId === undefined
      ? store.query(webhookEndpoints, "newest", page)
      : store.query(webhookEndpoints, "byAccount", { equal: { accountId }, ...page })),
  });
}
