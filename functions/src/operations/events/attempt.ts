import { type Delivery, nextAttemptAt, type WebhookEndpoint } from "../../core/webhooks.ts";
import { signedRequest } from "../../events/formats.ts";
import type { Post, Posted } from "../../events/send.ts";
import { deliveries, webhookEndpoints } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { SendEvent } from "../webhooks/send-event.ts";
import { type Job, LEASE_MS } from "./fan-out.ts";

export type AttemptDeps = Pick<Deps, "store" | "now" | "vault"> & {
  readonly post: Post;
  /** From 0 to 1, drawn for each retry. */
  readonly chance: () => number;
  readonly failed: (error: unknown) => void;
};

/** What came of an attempt. */
type Outcome = Posted & { readonly durationMs: number | null };

type Message = Parameters<SendEvent>[1] & Pick<Delivery, "name">;

const GONE = 410;
const DROPPED = "endpoint disabled";
export const NO_SUCH_EVENT = "its format has no such event";

/**
 * Takes a delivery that is due for one attempt, and for itself until the lease ends; `undefined`
 * when somebody else has it. `early`: also one that only waits for its turn.
 */
export const claim = (
  { store, now }: Pick<AttemptDeps, "store" | "now">,
  id: string,
  { early = false } = {},
): Promise<Delivery | undefined> => {
  const at = now();
  return store.transaction(async (tx) => {
    const delivery = await tx.get(deliveries, id);
    if (delivery?.state !== "pending" || delivery.dueAt === null) return undefined;
    if (delivery.dueAt > at && !(early && delivery.attempts === 0)) return undefined;
    const change = { attempts: delivery.attempts + 1, dueAt: at + LEASE_MS, updatedAt: at };
    tx.update(deliveries, id, change);
    return { ...delivery, ...change };
  });
};

/** Signs and sends a claimed delivery. */
export async function attempt(
  deps: AttemptDeps,
  { endpoint, delivery }: { endpoint: WebhookEndpoint; delivery: Message },
): Promise<Outcome | "unknown event"> {
  const startedAt = deps.now();
  try {
    const secrets = openSecrets(deps, endpoint, startedAt);
    const signed = await signedRequest(endpoint.format, delivery, secrets, startedAt);
    if (!signed) return "unknown event";
    const posted = await deps.post({ url: endpoint.url, ...signed });
    return { ...posted, durationMs: Math.max(0, deps.now() - startedAt) };
  } catch (error) {
    deps.failed(error);
    return { status: null, error: "it could not be signed", durationMs: null };
  }
}

/** One attempt of which nothing is kept. */
export async function sendEvent(
  deps: AttemptDeps,
  ...[endpoint, delivery]: Parameters<SendEvent>
): ReturnType<SendEvent> {
  const outcome = await attempt(deps, { endpoint, delivery });
  if (outcome === "unknown event") {
    return { delivered: false, status: null, error: NO_SUCH_EVENT, durationMs: 0 };
  }
  const { status, error, durationMs } = outcome;
  return { delivered: error === null, status, error, durationMs: durationMs ?? 0 };
}

function openSecrets(
  { vault }: AttemptDeps,
  { secrets }: WebhookEndpoint,
  now: number,
): [string, ...string[]] {
  const [newest, ...older] = secrets
    .filter(({ endsAt }) => endsAt === null || endsAt > now)
    .map(({ sealed }) => vault.open("webhook", sealed));
  if (newest === undefined) throw new Error("The endpoint has no secret.");
  return [newest, ...older];
}

/** Writes what came of the attempt; whether the delivery is settled, and the endpoint gone. */
export function record(
  deps: AttemptDeps,
  { endpoint, delivery }: Job,
  outcome: Outcome,
): Promise<{ settled: boolean; gone: boolean }> {
  const now = deps.now();
  const done = outcome.error === null;
  const gone = outcome.status === GONE;
  const chance = deps.chance();
  const again = nextAttemptAt(endpoint.format, delivery.attempts, now, chance);
  const dueAt = done || gone || delivery.type === "test.ping" ? null : (again ?? null);
  return deps.store.transaction(async (tx) => {
    const current = await tx.get(deliveries, delivery.id);
    const kept = gone ? await tx.get(webhookEndpoints, endpoint.id) : undefined;
    // Another took over when the lease had ended; only a success says more than it knows.
    const overtaken = current?.attempts !== delivery.attempts && !done;
    if (current?.state !== "pending" || overtaken) return { settled: false, gone };
    tx.update(deliveries, delivery.id, {
      state: done ? "delivered" : dueAt === null ? "failed" : "pending",
      dueAt,
      lastStatus: outcome.status,
      lastError: outcome.error,
      lastDurationMs: outcome.durationMs,
      updatedAt: now,
    });
    if (kept?.enabled) {
      const disabledReason = `it answered ${GONE}`;
      const change = { enabled: false, disabledReason, updatedAt: now };
      tx.update(webhookEndpoints, endpoint.id, change);
    }
    return { settled: dueAt === null, gone };
  });
}

/** Changes a delivery that is pending still, and has had no other attempt. */
export function amend(
  { store, now }: Pick<AttemptDeps, "store" | "now">,
  { id, attempts }: Delivery,
  change: Partial<Delivery>,
): Promise<void> {
  const updatedAt = now();
  return store.transaction(async (tx) => {
    const current = await tx.get(deliveries, id);
    if (current?.state !== "pending" || current.attempts !== attempts) return;
    tx.update(deliveries, id, { ...change, updatedAt });
  });
}

/** Gives up what an endpoint that is disabled or deleted was to get. */
export const drop = (
  deps: Pick<AttemptDeps, "store" | "now">,
  delivery: Delivery,
  lastError = DROPPED,
): Promise<void> => amend(deps, delivery, { state: "failed", dueAt: null, lastError });
