import { isActive, type KeyKind } from "../../core/api-keys.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import type { KeyUse } from "./note-use.ts";

export type Authenticated = { readonly principal: Principal; readonly use?: KeyUse };

export type AuthenticatedKey = {
  readonly principal: Extract<Principal, { kind: "account" }>;
  readonly use: KeyUse;
};

/**
 * Whom an API key of that kind speaks for; `undefined` for one that is unknown, revoked or expired. One document
 * read at every call and no cache, so that a revoked key stops everywhere at once.
 */
export async function authenticateApiKey(
  deps: Pick<Deps, "store" | "vault" | "now">,
  kind: Exclude<KeyKind, "codegate">,
  apiKey: string,
): Promise<AuthenticatedKey | undefined> {
  const key = await deps.store.get(apiKeys, deps.vault.hash("api-key", apiKey));
  if (key?.kind !== kind || !isActive(key, deps.now())) return undefined;
  return {
    principal: {
      kind: "account",
      accountId: key.accountId,
      keyId: key.id,
      scopes: key.scopes,
      productIds: key.products?.map(({ id }) => id) ?? null,
    },
    use: { secretHash: key.secretHash, lastUsedAt: key.lastUsedAt },
  };
}
