import { KEY_KINDS } from "../../core/api-keys.ts";
import { accept, type Decision } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import type { WebhookEndpoint } from "../../core/webhooks.ts";
import {
  apiKeys,
  productRemovals,
  products,
  reservations,
  webhookEndpoints,
} from "../../store/collections.ts";
import type { Page } from "../../store/document-store.ts";
import { revokeApiKey } from "../api-keys/revoke-api-key.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { deleteWebhookEndpoint } from "../webhooks/delete-webhook-endpoint.ts";
import { handleReservationId, reachProduct, slugReservationId } from "./find-product.ts";
import { forgetProducts } from "./forget-products.ts";
import { freePaymentIds } from "./payment-ids.ts";

const PAGE = 100;
/** What one request deletes; a schedule deletes the rest. */
const MAX_AT_ONCE = 2_000;

/**
 * Deletes a product for good, and then what hangs on it. From one moment on it is gone for everybody, and
 * nothing new can be made of it; what a crash leaves behind is deleted by the next sweep.
 */
export async function deleteProduct(
  deps: Deps,
  principal: Principal,
  productId: string,
): Promise<Decision<{ deleted: true }>> {
  const found = await reachProduct(deps.store, principal, { productId });
  if (!found.ok) return found;
  const each: Deps = { ...deps, once: (body) => deps.store.transaction(body) };
  await closeDoors(each, principal, found.product);
  const now = deps.now();
  const audit = auditor(deps, principal);
  const decision = await deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const reached = await reachProduct(tx, principal, { productId });
    if (!reached.ok) return reached;
    const { product } = reached;
    const { id, accountId, handle, slug } = product;
    freePaymentIds(tx, product);
    tx.delete(products, id);
    tx.delete(reservations, handleReservationId(handle));
    tx.delete(reservations, slugReservationId(accountId, slug));
    tx.create(productRemovals, { id, accountId, startedAt: now });
    const before = product;
    audit(tx, { accountId, action: "product.delete", targetId: id, before, after: null });
    return accept({ deleted: true });
  });
  if (!decision.ok) return decision;
  // Those that were made meanwhile; without the product none is made any more.
  await closeDoors(each, principal, found.product);
  await forgetProducts(deps, { maxLicenses: MAX_AT_ONCE });
  return decision;
}

/** Revokes the keys that are for this product alone, and deletes its webhook endpoints. */
async function closeDoors(
  deps: Deps,
  principal: Principal,
  { id: productId, accountId }: Product,
): Promise<void> {
  const { store } = deps;
  let after: string | undefined;
  do {
    const equal = { productId, kind: KEY_KINDS };
    const page = await store.query(apiKeys, "byProduct", { equal, limit: PAGE, after });
    for (const { id } of page.items) await revokeApiKey(deps, principal, id);
    after = page.next;
  } while (after !== undefined);
  after = undefined;
  do {
    const ask = { equal: { accountId }, limit: PAGE, after };
    const page: Page<WebhookEndpoint> = await store.query(webhookEndpoints, "byAccount", ask);
    const own = page.items.filter((endpoint) => endpoint.productId === productId);
    for (const { id } of own) await deleteWebhookEndpoint(deps, principal, id);
    after = page.next;
  } while (after !== undefined);
}
