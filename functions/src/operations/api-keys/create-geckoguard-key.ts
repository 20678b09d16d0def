import type { AnyScope, ApiKey } from "../../core/api-keys.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { apiKeys } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { drawSecret } from "./secrets.ts";

export type CreateGeckoguardKeyAsk = {
  readonly name: string;
  readonly productId: string;
  readonly creatorId?: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt?: number | null | undefined;
  /** Null or left out is every one, an empty list is none. */
  readonly scopes?: readonly AnyScope[] | null | undefined;
};

type Created = { readonly key: ApiKey; readonly apiKey: string };

/** Makes an API key of one product for GeckoGuard's paths: 256 random bits, shown in this answer and never again. */
export async function createGeckoguardKey(
  deps: Deps,
  principal: Principal,
  ask: CreateGeckoguardKeyAsk,
): Promise<Decision<Created>> {
  const { apiKey, kept } = drawSecret(deps)("gg_");
  const keyId = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<Created>> => {
    if (ask.expiresAt != null && ask.expiresAt <= now) {
      return refuse("EXPIRY_PAST", { field: "expiresAt" });
    }
    const reached = await reachProduct(tx, principal, ask);
    if (!reached.ok) return reached;
    const { id, handle, accountId } = reached.product;
    const key: ApiKey = {
      ...kept,
      id: keyId,
      accountId,
      name: ask.name,
      kind: "geckoguard",
      secretSealed: null,
      scopes: ask.scopes ? [...ask.scopes] : null,
      products: [{ id, handle }],
      productId: id,
      createdAt: now,
      expiresAt: ask.expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
    };
    tx.create(apiKeys, key);
    announce(tx, apiKeyEvent("api_key.created", key));
    audit(tx, { accountId, action: "apiKey.create", targetId: keyId, before: null, after: key });
    return accept({ key, apiKey });
  });
}
