import { accept, type Decision } from "../../core/decision.ts";
import type { Delivery } from "../../core/webhooks.ts";
import { deliveries } from "../../store/collections.ts";
import type { Page, PageAsk } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findWebhookEndpoint } from "./find-webhook-endpoint.ts";

export type ListWebhookDeliveriesAsk = PageAsk & {
  readonly endpointId: string;
  readonly state?: Delivery["state"] | undefined;
};

/** What an endpoint was sent and is to be sent, newest first. */
export async function listWebhookDeliveries(
  { store }: Deps,
  principal: Principal,
  { endpointId, state, ...page }: ListWebhookDeliveriesAsk,
): Promise<Decision<{ page: Page<Delivery> }>> {
  const found = await findWebhookEndpoint(store, principal, endpointId);
  if (!found.ok) return found;
  return accept({
    page: await (state === undefined
      ? store.query(deliveries, "byEndpoint", { equal: { endpointId }, ...page })
      : store.query(deliveries, "byEndpointAndState", { equal: { endpointId, state }, ...page })),
  });
}
