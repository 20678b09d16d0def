import { type AnyScope, type ApiKey, isActive } from "../../core/api-keys.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { apiKeys } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { changeApiKey } from "./change-api-key.ts";

export type UpdateApiKeyAsk = {
  readonly keyId: string;
  readonly name?: string | undefined;
  /** Null is every one, an empty list is none. */
  readonly scopes?: readonly AnyScope[] | null | undefined;
};

/** Renames a key, or changes what it may do from its next request on. */
export async function updateApiKey(
  deps: Deps,
  principal: Principal,
  { keyId, name, scopes }: UpdateApiKeyAsk,
): Promise<Decision<{ key: ApiKey }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return changeApiKey(deps, principal, keyId, (tx, before) => {
    if (!isActive(before, now)) return refuse("API_KEY_INACTIVE", { field: "keyId" });
    const wanted = { name, scopes: scopes ? [...scopes] : scopes };
    const fields: Partial<ApiKey> = given(wanted);
    if (!changes(before, fields)) return accept({ key: before });
    const key: ApiKey = { ...before, ...fields };
    tx.update(apiKeys, key.secretHash, fields);
    const { accountId } = key;
    audit(tx, { accountId, action: "apiKey.update", targetId: keyId, before, after: key });
    return accept({ key });
  });
}
