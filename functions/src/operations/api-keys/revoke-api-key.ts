import { accept, type Decision } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { apiKeys } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { changeApiKey } from "./change-api-key.ts";

/** Stops a key for good; a second time changes nothing. */
export async function revokeApiKey(
  deps: Deps,
  principal: Principal,
  keyId: string,
): Promise<Decision<{ revokedAt: number }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return changeApiKey(deps, keyId, (tx, key) => {
    if (key.revokedAt !== null) return accept({ revokedAt: key.revokedAt });
    tx.update(apiKeys, key.secretHash, { revokedAt: now });
    announce(tx, apiKeyEvent("api_key.revoked", key));
    audit(tx, {
      accountId: key.accountId,
      action: "apiKey.revoke",
      targetId: keyId,
      before: key,
      after: { ...key, revokedAt: now },
    });
    return accept({ revokedAt: now });
  });
}
