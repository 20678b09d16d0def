import { accept, type Decision } from "../../core/decision.ts";
import { secretsRotated, type WebhookEndpoint } from "../../core/webhooks.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findWebhookEndpoint } from "./find-webhook-endpoint.ts";
import { newWebhookSecret } from "./secrets.ts";

type Rotated = {
  readonly endpoint: WebhookEndpoint;
  readonly secret: string;
  readonly previousEndsAt: number;
};

/** Gives an endpoint a new secret; the one it had signs along for a day, where two can. */
export async function rotateWebhookSecret(
  deps: Deps,
  principal: Principal,
  endpointId: string,
): Promise<Decision<Rotated>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  // An endpoint keeps its format, so what is drawn here is for the endpoint that the transaction sees.
  const known = await findWebhookEndpoint(deps.store, principal, endpointId);
  if (!known.ok) return known;
  const { secret, sealed } = newWebhookSecret(deps, known.endpoint.format);
  return deps.once(async (tx): Promise<Decision<Rotated>> => {
    const found = await findWebhookEndpoint(tx, principal, endpointId);
    if (!found.ok) return found;
    const before = found.endpoint;
    const { accountId } = before;
    const { secrets, previousEndsAt } = secretsRotated(before, sealed, now);
    const after = { ...before, secrets, updatedAt: now };
    tx.set(webhookEndpoints, after);
    const action = "webhookEndpoint.rotateSecret";
    audit(tx, { accountId, action, targetId: endpointId, before, after });
    return accept({ endpoint: after, secret, previousEndsAt });
  });
}
