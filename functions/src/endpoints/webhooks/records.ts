import * as z from "zod";
import { EVENT_TYPES } from "../../core/events.ts";
import {
  type Delivery,
  FORMATS,
  SUBSCRIPTIONS,
  type WebhookEndpoint,
} from "../../core/webhooks.ts";
import { instantOrNone, iso, isoOrNull, pastInstant, text } from "../fields.ts";

export const endpointId = z.uuid("must be an endpointId of listWebhookEndpoints").meta({
  example: "5f0c2c1e-0000-4000-8000-00000000000e",
});
export const deliveryId = z.uuid("must be a deliveryId of listWebhookDeliveries").meta({
  description: "The same for every attempt; the receiver sees it too.",
  example: "5f0c2c1e-0000-4000-8000-00000000000d",
});

export const url = text(2_048).meta({
  description: "https, and reachable from the internet; the local server takes loopback too.",
  example: "https://example.com/hooks/latchkey",
});
const unknownEvent = ({ input }: { readonly input?: unknown }) =>
  `${JSON.stringify(input)} is no event; there are ${SUBSCRIPTIONS.join(", ")}`;
export const events = z
  .array(z.enum(SUBSCRIPTIONS, { error: unknownEvent }), "must be a list of events")
  .min(1, "must name at least one event")
  .max(SUBSCRIPTIONS.length, "must name each event once")
  .meta({
    description: "`*` is all but `license.validated`, which only comes to who names it.",
    example: ["license.created", "license.revoked"],
  });
export const format = z
  .enum(FORMATS, `must be one of ${FORMATS.join(", ")}`)
  .meta({ description: "Names, payload, signature and retries.", example: "standard" });
export const description = z
  .union([z.literal(""), text(500)], "must be a string of at most 500 characters")
  .meta({ example: "CRM" });
export const enabled = z.boolean("must be true or false").meta({ example: true });
export const ordered = z.boolean("must be true or false").meta({
  description: "Keeps the order of the events of one license: one waits for those before it.",
  example: false,
});
export const secret = z.string().meta({
  description: "Signs what is sent. It is in this answer and never shown again.",
  example: "whsec_example",
});

export const endpointShape = z
  .object({
    endpointId,
    url,
    description: z.string().meta({ example: "CRM" }),
    format,
    events: z.array(z.string()).meta({ example: ["license.created", "license.revoked"] }),
    productId: z.string().nullable().meta({
      description: "Null is the whole account.",
      example: "prod_abc123",
    }),
    enabled,
    disabledReason: z.string().nullable().meta({
      description: "Why it was disabled, where that was not the vendor's wish.",
      example: null,
    }),
    ordered,
    creatorId: z.string().meta({ example: "studio-one" }),
    createdAt: pastInstant,
    updatedAt: pastInstant,
  })
  .meta({ id: "WebhookEndpoint" });

export const endpointRecord = (endpoint: WebhookEndpoint): z.input<typeof endpointShape> => ({
  endpointId: endpoint.id,
  url: endpoint.url,
  description: endpoint.description,
  format: endpoint.format,
  events: endpoint.events,
  productId: endpoint.productHandle,
  enabled: endpoint.enabled,
  disabledReason: endpoint.disabledReason,
  ordered: endpoint.ordered,
  creatorId: endpoint.accountId,
  createdAt: iso(endpoint.createdAt),
  updatedAt: iso(endpoint.updatedAt),
});

const STATES = ["pending", "delivered", "failed"] as const;
export const deliveryState = z
  .enum(STATES, `must be one of ${STATES.join(", ")}`)
  .meta({ example: "delivered" });

export const lastStatus = z.int().nullable().meta({
  description: "Of the last answer; null when there was none.",
  example: 200,
});
export const lastError = z.string().nullable().meta({ example: null });

export const deliveryShape = z
  .object({
    deliveryId,
    eventId: z.uuid().meta({
      description: "The same at every endpoint that is told.",
      example: "5f0c2c1e-0000-4000-8000-00000000000f",
    }),
    type: z.enum(EVENT_TYPES).meta({ example: "license.created" }),
    state: deliveryState,
    attempts: z.int().meta({ example: 1 }),
    lastStatus,
    error: lastError,
    durationMs: z.int().nullable().meta({ description: "Of the last attempt.", example: 84 }),
    nextAttemptAt: instantOrNone,
    createdAt: pastInstant,
    updatedAt: pastInstant,
  })
  .meta({ id: "WebhookDelivery" });

export const deliveryRecord = (delivery: Delivery): z.input<typeof deliveryShape> => ({
  deliveryId: delivery.id,
  eventId: delivery.eventId,
  type: delivery.type,
  state: delivery.state,
  attempts: delivery.attempts,
  lastStatus: delivery.lastStatus,
  error: delivery.lastError,
  durationMs: delivery.lastDurationMs,
  nextAttemptAt: isoOrNull(delivery.dueAt),
  createdAt: iso(delivery.createdAt),
  updatedAt: iso(delivery.updatedAt),
});
