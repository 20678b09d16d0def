import { type ApiKey, isActive } from "../../core/api-keys.ts";
import type { Vault } from "../../crypto/vault.ts";
import { apiKeys } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { KeyUse } from "./note-use.ts";

/** Whom a signed request speaks for. */
export type SignedCaller = {
  readonly keyId: string;
  readonly accountId: string;
  readonly productId: string;
  readonly use: KeyUse;
};

export type SignedAnswer =
  | { readonly known: false }
  | { readonly known: true; readonly caller: SignedCaller | undefined };

const decoys = new WeakMap<Vault, string>();

/**
 * Reads the key and has `isSigned` try its secret. For a key that is unknown, revoked, expired or
 * of another kind it tries a secret that nobody has: it takes the same work, so that its time does
 * not tell.
 */
export async function authenticateSigned(
  deps: Pick<Deps, "store" | "vault" | "now" | "randomBytes">,
  kind: "codegate",
  apiKey: string,
  isSigned: (secret: string) => boolean,
): Promise<SignedAnswer> {
  const decoy = decoys.get(deps.vault) ?? makeDecoy(deps);
  const found = await deps.store.get(apiKeys, deps.vault.hash("api-key", apiKey));
  const key = found?.kind === kind && isActive(found, deps.now()) ? found : undefined;
  const signed = isSigned(deps.vault.open("api-key-secret", key?.secretSealed ?? decoy));
  if (!key) return { known: false };
  return { known: true, caller: signed ? callerOf(key) : undefined };
}

function callerOf({ id, accountId, products, secretHash, lastUsedAt }: ApiKey) {
  const productId = products?.[0]?.id;
  return productId === undefined
    ? undefined
    : { keyId: id, accountId, productId, use: { secretHash, lastUsedAt } };
}

function makeDecoy({ vault, randomBytes }: Pick<Deps, "vault" | "randomBytes">): string {
  const secret = Buffer.from(randomBytes(32)).toString("hex");
  const sealed = vault.seal("api-key-secret", secret);
  decoys.set(vault, sealed);
  return sealed;
}
