import * as z from "zod";
import type { Delivery, WebhookEndpoint } from "../../core/webhooks.ts";
import { GECKOGUARD_EVENTS } from "../../events/formats/geckoguard.ts";
import type { Deps } from "../../operations/deps.ts";
import { createWebhookEndpoint } from "../../operations/webhooks/create-webhook-endpoint.ts";
import { deleteWebhookEndpoint } from "../../operations/webhooks/delete-webhook-endpoint.ts";
import { listWebhookDeliveries } from "../../operations/webhooks/list-webhook-deliveries.ts";
import {
  accountOfEndpoint,
  listProductEndpoints,
} from "../../operations/webhooks/product-endpoints.ts";
import { rotateWebhookSecret } from "../../operations/webhooks/rotate-webhook-secret.ts";
import { testWebhookEndpoint } from "../../operations/webhooks/test-webhook-endpoint.ts";
import { updateWebhookEndpoint } from "../../operations/webhooks/update-webhook-endpoint.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { iso, isoOrNull, text } from "./fields.ts";
import { pagination, paging, sizeUpTo } from "./paging.ts";
import { productPath } from "./whose.ts";

const EVENTS = [...GECKOGUARD_EVENTS, "*"];

const url = text(2_048).min(1, "is required");
const events = z
  .array(z.enum(EVENTS, `must be one of ${EVENTS.join(", ")}`), "must be a list of events")
  .min(1, "must name at least one event")
  .max(100, "must have at most 100 items");
const enabled = z.boolean("must be true or false");

type Ids<Name extends string> = { readonly ids: Readonly<Record<Name, string>> };

const ofEndpoint = {
  find: (deps: Deps, { ids }: Ids<"productId" | "endpointId">) => accountOfEndpoint(deps, ids),
  absent: "WEBHOOK_ENDPOINT_NOT_FOUND",
} as const;

const endpointItem = (endpoint: WebhookEndpoint) => ({
  id: endpoint.id,
  productId: endpoint.productId,
  url: endpoint.url,
  events: endpoint.events,
  enabled: endpoint.enabled,
  createdAt: iso(endpoint.createdAt),
});

export const listEndpoints = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/webhooks/products/:productId",
  ability: "webhook.read",
  whose: productPath,
  query: z.object(paging()),
  async handle(deps, { principal: { accountId } }, { ids, query }) {
    const { items, total } = await listProductEndpoints(deps, { ...ids, ...query, accountId });
    return { endpoints: items.map(endpointItem), ...pagination({ ...query, total }) };
  },
});

export const createEndpoint = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/webhooks/products/:productId",
  ability: "webhook.change",
  whose: productPath,
  body: z.object({ url, events, enabled: enabled.default(true) }),
  status: 201,
  async handle(deps, { principal }, { ids, body }) {
    const kind = { format: "geckoguard", description: "", ordered: false } as const;
    const decision = await createWebhookEndpoint(deps, principal, { ...ids, ...body, ...kind });
    if (!decision.ok) return decision;
    return { endpoint: { ...endpointItem(decision.endpoint), secret: decision.secret } };
  },
});

export const updateEndpoint = dashboardRoute({
  method: "PATCH",
  path: "/v1/dashboard/webhooks/products/:productId/:endpointId",
  ability: "webhook.change",
  whose: ofEndpoint,
  body: z.object({
    url: url.optional(),
    events: events.optional(),
    enabled: enabled.optional(),
  }),
  async handle(deps, { principal }, { ids: { endpointId }, body }) {
    const decision = await updateWebhookEndpoint(deps, principal, { endpointId, ...body });
    return decision.ok ? { endpoint: endpointItem(decision.endpoint) } : decision;
  },
});

export const deleteEndpoint = dashboardRoute({
  method: "DELETE",
  path: "/v1/dashboard/webhooks/products/:productId/:endpointId",
  ability: "webhook.change",
  whose: ofEndpoint,
  async handle(deps, { principal }, { ids }) {
    const decision = await deleteWebhookEndpoint(deps, principal, ids.endpointId);
    return decision.ok ? { deleted: decision.deleted } : decision;
  },
});

const deliveryItem = (delivery: Delivery) => ({
  id: delivery.id,
  event: delivery.name ?? delivery.type,
  attempt: delivery.attempts,
  status: delivery.lastStatus,
  success: delivery.state === "delivered",
  error: delivery.lastError,
  durationMs: delivery.lastDurationMs,
  createdAt: iso(delivery.createdAt),
  nextAttemptAt: isoOrNull(delivery.state === "pending" ? delivery.dueAt : null),
});

export const listDeliveries = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/webhooks/products/:productId/:endpointId/deliveries",
  ability: "webhook.read",
  whose: ofEndpoint,
  query: z.object({ limit: sizeUpTo(200).default(50) }),
  async handle(deps, { principal }, { ids: { endpointId }, query: { limit } }) {
    const decision = await listWebhookDeliveries(deps, principal, { endpointId, limit });
    return decision.ok ? { deliveries: decision.page.items.map(deliveryItem) } : decision;
  },
});

export const testEndpoint = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/webhooks/products/:productId/:endpointId/test",
  ability: "webhook.change",
  whose: ofEndpoint,
  async handle(deps, { principal }, { ids }) {
    const decision = await testWebhookEndpoint(deps, principal, ids.endpointId);
    if (!decision.ok) return decision;
    const { delivered: success, status, error, durationMs } = decision.attempt;
    return { event: "test.ping", success, status, error, durationMs: Math.round(durationMs) };
  },
});

export const rotateEndpointSecret = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/webhooks/products/:productId/:endpointId/rotate-secret",
  ability: "webhook.change",
  whose: ofEndpoint,
  async handle(deps, { principal }, { ids }) {
    const decision = await rotateWebhookSecret(deps, principal, ids.endpointId);
    if (!decision.ok) return decision;
    const { endpoint, secret, previousEndsAt } = decision;
    return {
      endpoint: { ...endpointItem(endpoint), secret },
      previousSecretExpiresAt: iso(previousEndsAt),
    };
  },
});
