import type { WebhookEndpoint } from "../../core/webhooks.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";

const PAGE = 100;

/** All of the account's that events go to: ten for each of its products in GeckoGuard's format, and the others. */
export async function enabledEndpoints(
  { store }: { readonly store: DocumentStore },
  accountId: string,
): Promise<WebhookEndpoint[]> {
  const found: WebhookEndpoint[] = [];
  let after: string | undefined;
  do {
    const ask = { equal: { accountId, enabled: true }, limit: PAGE, after };
    const page = await store.query(webhookEndpoints, "enabledOfAccount", ask);
    found.push(...page.items);
    after = page.next;
  } while (after);
  return found;
}
