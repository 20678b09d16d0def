import type { AnyScope, ApiKey, KeyKind } from "../../core/api-keys.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { apiKeyEvent } from "../../core/events.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { accountOnFirstUse, owningAccount } from "../accounts.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import type { Principal } from "../principal.ts";
import { findProduct } from "../products/find-product.ts";
import { drawSecret, type KeyForm } from "./secrets.ts";

export type CreateApiKeyAsk = {
  readonly name: string;
  readonly creatorId?: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt?: number | null | undefined;
  readonly kind?: Exclude<KeyKind, "codegate" | "geckoguard"> | undefined;
  /** Of a `proxgate` key: it begins with `pk_test_`, and opens the same. */
  readonly test?: boolean | undefined;
  readonly scopes?: readonly AnyScope[] | undefined;
  readonly productIds?: readonly string[] | undefined;
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
  const { accountId } = owner;
  const { apiKey, kept } = drawSecret(deps)(formAsked(ask));
  const keyId = deps.newId();
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  return deps.once(async (tx): Promise<Decision<Created>> => {
    if (ask.expiresAt != null && ask.expiresAt <= now) {
      return refuse("EXPIRY_PAST", { field: "expiresAt" });
    }
    const products = ask.productIds
      ? await productsOf(tx, { principal, accountId, references: ask.productIds })
      : null;
    if (products === undefined) return refuse("PRODUCT_NOT_FOUND", { field: "productIds" });
    const makeAccount = await accountOnFirstUse(tx, accountId, now);
    const key: ApiKey = {
      ...kept,
      id: keyId,
      accountId,
      name: ask.name,
      kind: ask.kind ?? "native",
      secretSealed: null,
      scopes: ask.scopes ? [...new Set(ask.scopes)] : null,
      products,
      productId: null,
      createdAt: now,
      expiresAt: ask.expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
    };
    makeAccount(tx);
    tx.create(apiKeys, key);
    announce(tx, apiKeyEvent("api_key.created", key));
    audit(tx, { accountId, action: "apiKey.create", targetId: keyId, before: null, after: key });
    return accept({ keyId, apiKey });
  });
}

const formAsked = ({ kind, test }: CreateApiKeyAsk): KeyForm => {
  if (kind === "proxgate") return test ? "pk_test_" : "pk_live_";
  return "cgls_";
};

/** Every product once, or `undefined` when the account has one of them not. */
async function productsOf(
  reader: Reader,
  ask: { principal: Principal; accountId: string; references: readonly string[] },
): Promise<ApiKey["products"] | undefined> {
  const found = new Map<string, string>();
  for (const reference of ask.references) {
    const product = await findProduct(reader, ask.principal, reference);
    if (product?.accountId !== ask.accountId) return undefined;
    found.set(product.id, product.handle);
  }
  return [...found].map(([id, handle]) => ({ id, handle }));
}
