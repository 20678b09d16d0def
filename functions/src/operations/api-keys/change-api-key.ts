import type { ApiKey } from "../../core/api-keys.ts";
import { type Decision, refuse } from "../../core/decision.ts";
import { apiKeys } from "../../store/collections.ts";
import { StoreUnavailableError, type Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";

const MAX_LOOKS = 50;
const FIELD = { field: "keyId" };

/**
 * Finds a key by its identity and changes it in a transaction that looks again. Where a rotation
 * moved the document in between, it starts over with the document as it is now.
 */
export async function changeApiKey<T>(
  deps: Deps,
  principal: Principal,
  keyId: string,
  change: (tx: Transaction, key: ApiKey) => Decision<T>,
): Promise<Decision<T>> {
  for (let look = 1; look <= MAX_LOOKS; look++) {
    const found = await deps.store.query(apiKeys, "byIdentity", { equal: { id: keyId }, limit: 1 });
    const secretHash = found.items[0]?.secretHash;
    if (secretHash === undefined) return refuse("API_KEY_NOT_FOUND", FIELD);
    const decision = await deps.once(async (tx): Promise<Decision<T> | null> => {
      const key = await tx.get(apiKeys, secretHash);
      if (!key) return null;
      return mayReach(principal, key.accountId)
        ? change(tx, key)
        : refuse("API_KEY_NOT_FOUND", FIELD);
    });
    if (decision) return decision;
  }
  throw new StoreUnavailableError("The key kept changing.");
}
