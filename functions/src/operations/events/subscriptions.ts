import type { EventType } from "../../core/events.ts";
import { wants } from "../../core/webhooks.ts";
import type { DocumentStore } from "../../store/document-store.ts";
import { remembered } from "../remembered.ts";
import { enabledEndpoints } from "./enabled-endpoints.ts";

/** Whether an enabled endpoint of the account asked for such an event. */
export type Subscribed = (
  accountId: string,
  event: { readonly type: EventType; readonly productId: string | null },
) => Promise<boolean>;

/** What the endpoints of accounts ask for, as this instance remembers it. */
export function createSubscriptions(deps: { store: DocumentStore; now: () => number }): Subscribed {
  const wantedBy = remembered(deps.now, async (accountId) => {
    const endpoints = await enabledEndpoints(deps, accountId);
    return endpoints.map(({ format, events, productId }) => ({ format, events, productId }));
  });
  return async (accountId, event) =>
    (await wantedBy(accountId)).some((endpoint) => wants(endpoint, event));
}
