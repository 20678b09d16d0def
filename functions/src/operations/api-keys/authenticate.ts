import { apiKeys } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

/** Whom an API key speaks for; `undefined` for one that is unknown or revoked. One document read. */
export async function authenticateApiKey(
  deps: Pick<Deps, "store" | "vault">,
  apiKey: string,
): Promise<Principal | undefined> {
  const key = await deps.store.get(apiKeys, deps.vault.hash("api-key", apiKey));
  if (!key || key.revokedAt !== null) return undefined;
  return { kind: "account", accountId: key.accountId, keyId: key.id };
}
