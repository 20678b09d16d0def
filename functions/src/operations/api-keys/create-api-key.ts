import { accept, type Decision } from "../../core/decision.ts";
import { apiKeys } from "../../store/collections.ts";
import { accountOnFirstUse, owningAccount } from "../accounts.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";

const PREFIX = "cgls_";
const SECRET_BYTES = 24;
/** Shown in lists: the prefix and four characters of the secret. */
const SHOWN = PREFIX.length + 4;

export type CreateApiKeyAsk = {
  readonly name: string;
  readonly creatorId?: string | undefined;
  readonly kind?: "native" | undefined;
};

type Created = { readonly keyId: string; readonly apiKey: string };

/** Makes an API key of an account: 192 random bits, shown in this answer and never again. */
export async function createApiKey(
  deps: Deps,
  principal: Principal,
  ask: CreateApiKeyAsk,
): Promise<Decision<Created>> {
  const owner = owningAccount(principal, ask.creatorId);
  if (!owner.ok) return owner;
  const apiKey = PREFIX + Buffer.from(deps.randomBytes(SECRET_BYTES)).toString("base64url");
  const keyId = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, principal);
  const key = {
    secretHash: deps.vault.hash("api-key", apiKey),
    id: keyId,
    accountId: owner.accountId,
    name: ask.name,
    kind: ask.kind ?? ("native" as const),
    prefix: apiKey.slice(0, SHOWN),
    createdAt: now,
    revokedAt: null,
  };
  return deps.once(async (tx): Promise<Decision<Created>> => {
    const makeAccount = await accountOnFirstUse(tx, owner.accountId, now);
    makeAccount(tx);
    tx.create(apiKeys, key);
    audit(tx, {
      accountId: owner.accountId,
      action: "apiKey.create",
      targetId: keyId,
      before: null,
      after: key,
    });
    return accept({ keyId, apiKey });
  });
}
