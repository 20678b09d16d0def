import { accept, type Decision } from "../../core/decision.ts";
import { countsForProduct } from "../../core/webhooks.ts";
import { accounts, products, webhookEndpoints } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findWebhookEndpoint } from "./find-webhook-endpoint.ts";

/** Deletes an endpoint. What is on its way to it is dropped when it would be sent. */
export async function deleteWebhookEndpoint(
  deps: Deps,
  principal: Principal,
  endpointId: string,
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await findWebhookEndpoint(tx, principal, endpointId);
    if (!found.ok) return found;
    const before = found.endpoint;
    const { accountId } = before;
    const { productId } = before;
    const product =
      productId && countsForProduct(before) ? await tx.get(products, productId) : null;
    const account = product === null ? await tx.get(accounts, accountId) : undefined;
    const left = (has: number) => ({ webhookEndpoints: Math.max(0, has - 1) });
    if (product) tx.update(products, product.id, left(product.webhookEndpoints));
    if (account) tx.update(accounts, accountId, left(account.webhookEndpoints));
    tx.delete(webhookEndpoints, endpointId);
    const action = "webhookEndpoint.delete";
    audit(tx, { accountId, action, targetId: endpointId, before, after: null });
    return accept({ deleted: true });
  });
}
