import { accept, type Decision } from "../../core/decision.ts";
import type { WebhookEndpoint } from "../../core/webhooks.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { checkUrl, findWebhookEndpoint } from "./find-webhook-endpoint.ts";

type Changeable = Pick<WebhookEndpoint, "url" | "description" | "events" | "enabled" | "ordered">;

export type UpdateWebhookEndpointAsk = { readonly endpointId: string } & {
  readonly [K in keyof Changeable]?: Changeable[K] | undefined;
};

/** Changes an endpoint. Saying whether it is enabled clears why it was disabled: that is the vendor's wish now. */
export async function updateWebhookEndpoint(
  deps: Deps,
  principal: Principal,
  { endpointId, ...wanted }: UpdateWebhookEndpointAsk,
): Promise<Decision<{ endpoint: WebhookEndpoint }>> {
  const allowed = checkUrl(deps, wanted.url);
  if (!allowed.ok) return allowed;
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ endpoint: WebhookEndpoint }>> => {
    const found = await findWebhookEndpoint(tx, principal, endpointId);
    if (!found.ok) return found;
    const before = found.endpoint;
    const { accountId } = before;
    const fields: Partial<WebhookEndpoint> = {
      ...given(wanted),
      ...(wanted.events ? { events: [...new Set(wanted.events)] } : {}),
      ...(wanted.enabled === undefined ? {} : { disabledReason: null }),
    };
    if (!changes(before, fields)) return accept({ endpoint: before });
    const endpoint: WebhookEndpoint = { ...before, ...fields, updatedAt: now };
    tx.set(webhookEndpoints, endpoint);
    const action = "webhookEndpoint.update";
    audit(tx, { accountId, action, targetId: endpointId, before, after: endpoint });
    return accept({ endpoint });
  });
}
