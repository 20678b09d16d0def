import type { ApiKey } from "../../core/api-keys.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { type Audit, auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { type Announce, announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { changeApiKey } from "./change-api-key.ts";

/** Stops a key for good; a second time changes nothing. */
export async function revokeApiKey(
  deps: Deps,
  principal: Principal,
  keyId: string,
): Promise<Decision<{ revokedAt: number; key: ApiKey }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return changeApiKey(deps, principal, keyId, (tx, key) => {
    const revokedAt = revokeKey(tx, key, { now, audit, announce });
    return accept({ revokedAt, key: { ...key, revokedAt } });
  });
}

/** Writes that the key is revoked, and returns since when it is. */
export function revokeKey(
  tx: Transaction,
  key: ApiKey,
  { now, audit, announce }: { now: number; audit: Audit; announce: Announce },
): number {
  if (key.revokedAt !== null) return key.revokedAt;
  tx.update(apiKeys, key.secretHash, { revokedAt: now });
  announce(tx, apiKeyEvent("api_key.revoked", key));
  audit(tx, {
    accountId: key.accountId,
    action: "apiKey.revoke",
    targetId: key.id,
    before: key,
    after: { ...key, revokedAt: now },
  });
  return now;
}
