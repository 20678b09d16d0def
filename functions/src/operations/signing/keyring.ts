import {
  readSessionToken,
  type SessionClaims,
  signSessionToken,
  type TokenReading,
} from "../../crypto/session-tokens.ts";
import {
  generatePair,
  type KeyObject,
  keyId,
  type PublicJwk,
  privateKeyOf,
  publicJwk,
  publicKeyOf,
  rootSign,
} from "../../crypto/signing-keys.ts";
import type { Vault } from "../../crypto/vault.ts";
import { keyrings } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";

const ID = "signing";
/** How long an instance may sign with a key that was rotated elsewhere. */
const FRESH_MS = 300_000;
/** A flood of foreign tokens costs one read in this time. */
const MISS_MS = 10_000;

export type Certificate = {
  readonly kid: string;
  readonly publicKey: string;
  readonly rootSignature: string;
  readonly rootPublicKey: string;
};

export type Keyring = {
  readonly issue: (claims: SessionClaims, now: number, expiresAt: number) => Promise<string>;
  readonly read: (token: string, now: number) => Promise<TokenReading>;
  /** The key that signs now, with the root key's signature over it. */
  readonly certificate: () => Promise<Certificate>;
  /** Every key whose tokens are accepted. */
  readonly jwks: () => Promise<PublicJwk[]>;
};

type Loaded = {
  readonly current: Certificate & { readonly privateKey: KeyObject };
  readonly publicKeys: ReadonlyMap<string, { readonly pem: string; readonly key: KeyObject }>;
};

/** The service's signing keys: made on first use, then read once per instance and every few minutes. */
export function createKeyring(deps: {
  store: DocumentStore;
  vault: Vault;
  now: () => number;
}): Keyring {
  const { store, vault, now } = deps;
  let loading: Promise<Loaded> | undefined;
  let loadedAt = 0;

  const load = async (): Promise<Loaded> => {
    const record = (await store.get(keyrings, ID)) ?? (await establish(deps));
    const newest = record.keys[0];
    if (!newest) throw new Error("The keyring is empty.");
    const { kid, publicKey, rootSignature, privateKeySealed } = newest;
    return {
      current: {
        kid,
        publicKey,
        rootSignature,
        rootPublicKey: record.rootPublicKey,
        privateKey: privateKeyOf(vault.open("signing-key", privateKeySealed)),
      },
      publicKeys: new Map(
        record.keys.map((key) => [
          key.kid,
          { pem: key.publicKey, key: publicKeyOf(key.publicKey) },
        ]),
      ),
    };
  };

  const loaded = (maxAgeMs: number): Promise<Loaded> => {
    if (!loading || Math.abs(now() - loadedAt) >= maxAgeMs) {
      const known = loading;
      loadedAt = now();
      const fresh = load().catch((error: unknown) => {
        // While the store is away the keys in memory are good.
        if (known) return known;
        if (loading === fresh) loading = undefined;
        throw error;
      });
      loading = fresh;
    }
    return loading;
  };

  const keyFor = async (kid: string) => {
    const known = (await loaded(FRESH_MS)).publicKeys.get(kid);
    return (known ?? (await loaded(MISS_MS)).publicKeys.get(kid))?.key;
  };

  return {
    issue: async (claims, issuedAt, expiresAt) =>
      signSessionToken((await loaded(FRESH_MS)).current, claims, issuedAt, expiresAt),
    read: (token, at) => readSessionToken(token, keyFor, at),
    certificate: async () => {
      const { privateKey: _, ...certificate } = (await loaded(FRESH_MS)).current;
      return certificate;
    },
    jwks: async () => {
      const { publicKeys } = await loaded(FRESH_MS);
      return Promise.all([...publicKeys].map(([kid, { pem }]) => publicJwk(kid, pem)));
    },
  };
}

/** Makes the first root and signing keys; of two instances that try, one wins and both use its keys. */
async function establish(deps: { store: DocumentStore; vault: Vault; now: () => number }) {
  const [root, signing] = await Promise.all([generatePair(), generatePair()]);
  const record = {
    id: ID,
    rootPublicKey: root.publicKey,
    rootPrivateKeySealed: deps.vault.seal("signing-key", root.privateKey),
    keys: [
      {
        kid: await keyId(signing.publicKey),
        publicKey: signing.publicKey,
        privateKeySealed: deps.vault.seal("signing-key", signing.privateKey),
        rootSignature: rootSign(root.privateKey, signing.publicKey),
        createdAt: deps.now(),
      },
    ],
  } as const;
  return deps.store.transaction(async (tx) => {
    const existing = await tx.get(keyrings, ID);
    if (existing) return existing;
    tx.create(keyrings, { ...record, keys: [...record.keys] });
    return record;
  });
}
