import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { WebhookEndpoint } from "../../core/webhooks.ts";
import { urlProblem } from "../../events/url.ts";
import { webhookEndpoints } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";

/** The endpoint, if the principal may see it. */
export async function findWebhookEndpoint(
  reader: Reader,
  principal: Principal,
  endpointId: string,
): Promise<Decision<{ endpoint: WebhookEndpoint }>> {
  const endpoint = await reader.get(webhookEndpoints, endpointId);
  return endpoint && mayReach(principal, endpoint.accountId)
    ? accept({ endpoint })
    : refuse("WEBHOOK_ENDPOINT_NOT_FOUND", { field: "endpointId" });
}

/** Whether events may be sent there; no URL is as good as one that may. */
export function checkUrl({ settings }: Pick<Deps, "settings">, url: string | undefined) {
  const options = { allowLoopback: settings.allowLoopbackWebhooks };
  const why = url === undefined ? undefined : urlProblem(url, options);
  return why === undefined ? accept({}) : refuse("WEBHOOK_URL_REFUSED", { field: "url", why });
}
