import type { OutboxEvent } from "../../core/events.ts";
import { DELIVERY_LIFE_MS, type Delivery, type WebhookEndpoint } from "../../core/webhooks.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { namesWanted } from "../../events/formats.ts";
import { deliveries, outbox } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { enabledEndpoints } from "./enabled-endpoints.ts";

/** A delivery and where it goes. */
export type Job = { readonly endpoint: WebhookEndpoint; readonly delivery: Delivery };

export type FanOutDeps = Pick<Deps, "store" | "now"> & {
  /** Whether a new delivery is attempted at once, and so begins claimed. */
  readonly atOnce: (endpoint: WebhookEndpoint) => boolean;
};

/** Longer than an attempt takes: until then nobody else tries the delivery. */
export const LEASE_MS = 60_000;

/** Whether a delivery waits for earlier ones of its license. */
export const isOrdered = ({ endpoint, delivery }: Job): boolean =>
  endpoint.ordered && delivery.licenseId !== null;

/** Hands the oldest events to the endpoints that want them. */
export async function fanOut(
  deps: FanOutDeps,
  { maxEvents }: { maxEvents: number },
): Promise<{ events: number; jobs: Job[] }> {
  const { items } = await deps.store.query(outbox, "oldest", { limit: maxEvents });
  const accounts = [...new Set(items.map(({ accountId }) => accountId))];
  const endpoints = new Map(
    await Promise.all(accounts.map(async (id) => [id, await enabledEndpoints(deps, id)] as const)),
  );
  // One after the other within a license: a later delivery then never is there before an earlier one.
  const chains = Map.groupBy(items, ({ id, licenseId }) => licenseId ?? id);
  const jobs = await Promise.all(
    [...chains.values()].map(async (chain) => {
      const made: Job[] = [];
      for (const event of chain) {
        made.push(...(await handOut(deps, event, endpoints.get(event.accountId) ?? [])));
      }
      return made;
    }),
  );
  return { events: items.length, jobs: jobs.flat() };
}

/** The same with one event, if it is there still. */
export async function fanOutOne(deps: FanOutDeps, eventId: string): Promise<Job[]> {
  const event = await deps.store.get(outbox, eventId);
  return event ? handOut(deps, event, await enabledEndpoints(deps, event.accountId)) : [];
}

/** Deliveries in place of the event: whoever comes second finds it gone. */
async function handOut(
  deps: FanOutDeps,
  event: OutboxEvent,
  endpoints: readonly WebhookEndpoint[],
): Promise<Job[]> {
  const now = deps.now();
  const jobs = endpoints.flatMap((endpoint) =>
    namesWanted(endpoint, event).map((name, index) => {
      const job = { endpoint, delivery: newDelivery({ endpoint, event, name, index, now }) };
      return !isOrdered(job) && deps.atOnce(endpoint) ? claimed(job, now) : job;
    }),
  );
  return deps.store.transaction(async (tx) => {
    if (!(await tx.get(outbox, event.id))) return [];
    for (const { delivery } of jobs) tx.create(deliveries, delivery);
    tx.delete(outbox, event.id);
    return jobs;
  });
}

const claimed = ({ endpoint, delivery }: Job, now: number): Job => ({
  endpoint,
  delivery: { ...delivery, attempts: 1, dueAt: now + LEASE_MS },
});

const newDelivery = (ask: {
  endpoint: WebhookEndpoint;
  event: OutboxEvent;
  name: string;
  index: number;
  now: number;
}): Delivery => {
  const { endpoint, event, name, index, now } = ask;
  const { type, accountId, productId, licenseId, data, occurredAt } = event;
  return {
    id: derivedUuid("delivery", endpoint.id, event.id, ...(index === 0 ? [] : [name])),
    endpointId: endpoint.id,
    accountId,
    eventId: event.id,
    type,
    name,
    productId,
    licenseId,
    data,
    occurredAt,
    state: "pending",
    attempts: 0,
    dueAt: now,
    lastStatus: null,
    lastError: null,
    lastDurationMs: null,
    createdAt: now,
    updatedAt: now,
    expireAt: now + DELIVERY_LIFE_MS,
  };
};
