import type { EventType } from "../../core/events.ts";
import { type WebhookEndpoint, wants } from "../../core/webhooks.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";

/** A change of an account's endpoints is felt after this at the latest. */
const FRESH_MS = 60_000;
const MAX_REMEMBERED = 10_000;
const MAX_ENDPOINTS = 500;

type Wanted = Pick<WebhookEndpoint, "events" | "productId">;

/** Whether an enabled endpoint of the account asked for such an event. */
export type Subscribed = (
  accountId: string,
  event: { readonly type: EventType; readonly productId: string | null },
) => Promise<boolean>;

/** What endpoints ask for, in the memory of one instance: client calls do not pay for reading it. */
export function createSubscriptions(deps: { store: DocumentStore; now: () => number }): Subscribed {
  const known = new Map<string, { readAt: number; wanted: readonly Wanted[] }>();
  const wantedBy = async (accountId: string): Promise<readonly Wanted[]> => {
    const now = deps.now();
    const remembered = known.get(accountId);
    if (remembered && Math.abs(now - remembered.readAt) < FRESH_MS) return remembered.wanted;
    const { items } = await deps.store.query(webhookEndpoints, "enabledOfAccount", {
      equal: { accountId, enabled: true },
      limit: MAX_ENDPOINTS,
    });
    const wanted = items.map(({ events, productId }) => ({ events, productId }));
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(accountId, { readAt: now, wanted });
    return wanted;
  };
  return async (accountId, event) =>
    (await wantedBy(accountId)).some((endpoint) => wants(endpoint, event));
}
