import type { ApiKey } from "../../core/api-keys.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { undashed } from "../../core/licenses.ts";
import { derivedId } from "../../crypto/vault.ts";
import { apiKeys, reservations } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { revokeKey } from "./revoke-api-key.ts";

export type CreateCodegateKeyAsk = {
  readonly name: string;
  readonly productId: string;
  readonly creatorId?: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt?: number | null | undefined;
};

type Created = {
  readonly keyId: string;
  readonly apiKey: string;
  readonly secret: string;
  /** The product's UUID without its hyphens. */
  readonly projectId: string;
};

/** Where the key is named that a product has. */
export const codegateReservationId = (productId: string): string =>
  derivedId("codegate-key", productId);

const KEY_BYTES = 16;
const SECRET_BYTES = 32;
const SHOWN = 8;

/** Makes a product's API key for the CodeGate SDKs. A product has one: its former one is revoked. */
export async function createCodegateKey(
  deps: Deps,
  principal: Principal,
  ask: CreateCodegateKeyAsk,
): Promise<Decision<Created>> {
  const apiKey = Buffer.from(deps.randomBytes(KEY_BYTES)).toString("hex");
  const secret = Buffer.from(deps.randomBytes(SECRET_BYTES)).toString("hex");
  const secretHash = deps.vault.hash("api-key", apiKey);
  const secretSealed = deps.vault.seal("api-key-secret", secret);
  const keyId = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, principal);
  const auditRevoked = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<Created>> => {
    if (ask.expiresAt != null && ask.expiresAt <= now) {
      return refuse("EXPIRY_PAST", { field: "expiresAt" });
    }
    const reached = await reachProduct(tx, principal, ask);
    if (!reached.ok) return reached;
    const { id: productId, handle, accountId } = reached.product;
    const reservationId = codegateReservationId(productId);
    const former = await tx.get(reservations, reservationId);
    const replaced = former && (await tx.get(apiKeys, former.targetId));
    const key: ApiKey = {
      secretHash,
      id: keyId,
      accountId,
      name: ask.name,
      kind: "codegate",
      secretSealed,
      prefix: apiKey.slice(0, SHOWN),
      scopes: null,
      products: [{ id: productId, handle }],
      productId,
      createdAt: now,
      expiresAt: ask.expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
    };
    tx.create(apiKeys, key);
    tx.set(reservations, {
      id: reservationId,
      kind: "codegate-key",
      accountId,
      targetId: secretHash,
      createdAt: now,
    });
    audit(tx, { accountId, action: "apiKey.create", targetId: keyId, before: null, after: key });
    announce(tx, apiKeyEvent("api_key.created", key));
    if (replaced) revokeKey(tx, replaced, { now, audit: auditRevoked, announce });
    return accept({ keyId, apiKey, secret, projectId: undashed(productId) });
  });
}
