import { type ApiKey, isActive } from "../../core/api-keys.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { apiKeys } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { changeApiKey } from "./change-api-key.ts";
import { drawSecret, formOf } from "./secrets.ts";

/** Gives a key a new secret and stops the old one at once. Of rotations at once, the last one's secret works. */
export async function rotateApiKey(
  deps: Deps,
  principal: Principal,
  keyId: string,
): Promise<Decision<{ apiKey: string; key: ApiKey }>> {
  const secret = drawSecret(deps);
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return changeApiKey(deps, principal, keyId, (tx, key) => {
    if (key.kind === "codegate") return refuse("API_KEY_NOT_ROTATABLE", { field: "keyId" });
    if (!isActive(key, now)) return refuse("API_KEY_INACTIVE", { field: "keyId" });
    const { apiKey, kept } = secret(formOf(key));
    const rotated = { ...key, ...kept, lastUsedAt: null };
    tx.delete(apiKeys, key.secretHash);
    tx.create(apiKeys, rotated);
    announce(tx, apiKeyEvent("api_key.rotated", key));
    audit(tx, {
      accountId: key.accountId,
      action: "apiKey.rotate",
      targetId: keyId,
      before: key,
      after: rotated,
    });
    return accept({ apiKey, key: rotated });
  });
}
