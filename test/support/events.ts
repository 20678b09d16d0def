import type { OutboxEvent } from "../../functions/src/core/events.ts";
import type { Delivery, WebhookEndpoint } from "../../functions/src/core/webhooks.ts";
import { createVault, derivedUuid, type Vault } from "../../functions/src/crypto/vault.ts";
import { deliveries, outbox, webhookEndpoints } from "../../functions/src/store/collections.ts";
import type { DocumentStore } from "../../functions/src/store/document-store.ts";
import { NOW } from "./records.ts";

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export const vault = createVault({
  pepper: Buffer.alloc(32, 1),
  encryption: [{ version: "1", key: Buffer.alloc(32, 2) }],
});

/** An endpoint for everything, named by a word. */
export const endpoint = (
  name: string,
  changes: Partial<WebhookEndpoint> = {},
  sealedBy: Vault = vault,
): WebhookEndpoint => ({
  id: derivedUuid("test endpoint", name),
  accountId: "studio",
  productId: null,
  productHandle: null,
  url: `https://${name}.example/hook`,
  description: "",
  format: "standard",
  events: ["*"],
  enabled: true,
  disabledReason: null,
  ordered: false,
  secrets: [{ sealed: sealedBy.seal("webhook", SECRET), endsAt: null }],
  createdAt: NOW,
  updatedAt: NOW,
  ...changes,
});

/** The event number `n`, at its own instant. */
export const event = (n: number, changes: Partial<OutboxEvent> = {}): OutboxEvent => ({
  id: derivedUuid("test event", String(n)),
  type: "license.created",
  accountId: "studio",
  productId: null,
  licenseId: null,
  data: { n },
  occurredAt: NOW - 1_000_000 + n,
  ...changes,
});

export const seedEvents = (store: DocumentStore, events: readonly OutboxEvent[]) =>
  store.commit(events.map((record) => ({ kind: "create", collection: outbox, record }) as const));

export const seedEndpoints = (store: DocumentStore, endpoints: readonly WebhookEndpoint[]) =>
  store.commit(
    endpoints.map((record) => ({ kind: "set", collection: webhookEndpoints, record }) as const),
  );

/** All deliveries to an endpoint. */
export async function deliveriesTo(
  store: DocumentStore,
  { id }: WebhookEndpoint,
): Promise<Delivery[]> {
  const found: Delivery[] = [];
  let after: string | undefined;
  do {
    const ask = { equal: { endpointId: id }, limit: 500, after };
    const page = await store.query(deliveries, "byEndpoint", ask);
    found.push(...page.items);
    after = page.next;
  } while (after);
  return found;
}
