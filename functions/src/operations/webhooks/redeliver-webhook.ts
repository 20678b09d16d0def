import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type Delivery, madeDue } from "../../core/webhooks.ts";
import { deliveries, webhookEndpoints } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";

/** Makes a delivery due now, under its id: a settled one starts anew, a pending one need not wait. */
export async function redeliverWebhook(
  deps: Deps,
  principal: Principal,
  deliveryId: string,
): Promise<Decision<{ delivery: Delivery }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ delivery: Delivery }>> => {
    const before = await tx.get(deliveries, deliveryId);
    const endpoint = before && (await tx.get(webhookEndpoints, before.endpointId));
    if (!before || !endpoint || !mayReach(principal, endpoint.accountId)) {
      return refuse("WEBHOOK_DELIVERY_NOT_FOUND", { field: "deliveryId" });
    }
    if (!endpoint.enabled) return refuse("WEBHOOK_ENDPOINT_DISABLED", { field: "deliveryId" });
    const { accountId } = endpoint;
    const delivery = madeDue(before, now);
    tx.set(deliveries, delivery);
    const action = "webhookDelivery.redeliver";
    audit(tx, { accountId, action, targetId: deliveryId, before, after: delivery });
    return accept({ delivery });
  });
}
