import { accept, type Decision } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { apiKeys } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { changeApiKey } from "./change-api-key.ts";

/** Stops a key and forgets it. */
export async function deleteApiKey(
  deps: Deps,
  principal: Principal,
  keyId: string,
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return changeApiKey(deps, principal, keyId, (tx, key) => {
    const { accountId, secretHash } = key;
    tx.delete(apiKeys, secretHash);
    if (key.revokedAt === null) announce(tx, apiKeyEvent("api_key.revoked", key));
    audit(tx, { accountId, action: "apiKey.delete", targetId: keyId, before: key, after: null });
    return accept({ deleted: true });
  });
}
