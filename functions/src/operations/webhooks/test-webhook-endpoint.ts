import { accept, type Decision } from "../../core/decision.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findWebhookEndpoint } from "./find-webhook-endpoint.ts";
import type { Attempt } from "./send-event.ts";

/** Sends `test.ping` at once, enabled or not, and once. Nothing is kept of it. */
export async function testWebhookEndpoint(
  deps: Deps,
  principal: Principal,
  endpointId: string,
): Promise<Decision<{ attempt: Attempt }>> {
  const found = await findWebhookEndpoint(deps.store, principal, endpointId);
  if (!found.ok) return found;
  const { endpoint } = found;
  const { productId, productHandle } = endpoint;
  const attempt = await deps.sendEvent(endpoint, {
    id: deps.newId(),
    type: "test.ping",
    productId,
    licenseId: null,
    data: { endpointId, productId: productHandle },
    occurredAt: deps.now(),
  });
  return accept({ attempt });
}
