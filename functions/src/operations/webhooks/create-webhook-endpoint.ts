import { accept, type Decision, refuse } from "../../core/decision.ts";
import { newAccount } from "../../core/plans.ts";
import { countsForProduct, mostEndpoints, type WebhookEndpoint } from "../../core/webhooks.ts";
import { accounts, products, webhookEndpoints } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type PlaceAsk, placeOf } from "../place.ts";
import type { Principal } from "../principal.ts";
import { checkUrl } from "./find-webhook-endpoint.ts";
import { newWebhookSecret } from "./secrets.ts";

type Subscription = Pick<WebhookEndpoint, "url" | "description" | "events" | "enabled" | "ordered">;

export type CreateWebhookEndpointAsk = PlaceAsk & Subscription & Pick<WebhookEndpoint, "format">;

type Created = { readonly endpoint: WebhookEndpoint; readonly secret: string };

/** Makes an endpoint; its secret is in this answer and never again. A counter guards the limit. */
export async function createWebhookEndpoint(
  deps: Deps,
  principal: Principal,
  { productId, creatorId, ...wanted }: CreateWebhookEndpointAsk,
): Promise<Decision<Created>> {
  const allowed = checkUrl(deps, wanted.url);
  if (!allowed.ok) return allowed;
  const id = deps.newId();
  const now = deps.now();
  const { secret, sealed } = newWebhookSecret(deps, wanted.format);
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Created>> => {
    const place = await placeOf(tx, principal, { productId, creatorId });
    if (!place.ok) return place;
    const { accountId, product } = place;
    const account = (await tx.get(accounts, accountId)) ?? newAccount(accountId, now);
    const endpoint: WebhookEndpoint = {
      ...wanted,
      events: [...new Set(wanted.events)],
      id,
      accountId,
      productId: product?.id ?? null,
      productHandle: product?.handle ?? null,
      disabledReason: null,
      secrets: [{ sealed, endsAt: null }],
      createdAt: now,
      updatedAt: now,
    };
    const ofProduct = product && countsForProduct(endpoint);
    const { webhookEndpoints: has } = ofProduct ? product : account;
    const limit = mostEndpoints(endpoint);
    if (has >= limit) return refuse("WEBHOOK_ENDPOINTS_TOO_MANY", { limit });
    if (ofProduct) tx.update(products, product.id, { webhookEndpoints: has + 1 });
    else tx.set(accounts, { ...account, webhookEndpoints: has + 1 });
    tx.create(webhookEndpoints, endpoint);
    const action = "webhookEndpoint.create";
    audit(tx, { accountId, action, targetId: id, before: null, after: endpoint });
    return accept({ endpoint, secret });
  });
}
