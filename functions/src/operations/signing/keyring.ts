import {
  KEYRING_FRESH_MS as FRESH_MS,
  KEYRING_MISS_MS as MISS_MS,
  signerAt,
} from "../../core/signing.ts";
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

export const KEYRING_ID = "signing";

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
  /** Every key whose tokens are accepted, those that do not sign yet included. */
  readonly jwks: () => Promise<PublicJwk[]>;
  /** The next use reads the keys again: they were just changed here. */
  readonly changed: () => void;
};

type Signer = Certificate & { readonly activeAt: number; readonly privateKey: () => KeyObject };

type Loaded = {
  /** Newest first. */
  readonly signers: readonly Signer[];
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
    const record = (await store.get(keyrings, KEYRING_ID)) ?? (await establish(deps));
    const signers = record.keys.map((key): Signer => {
      let opened: KeyObject | undefined;
      return {
        kid: key.kid,
        publicKey: key.publicKey,
        rootSignature: key.rootSignature,
        rootPublicKey: key.rootPublicKey ?? record.rootPublicKey,
        activeAt: key.activeAt,
        privateKey: () => {
          opened ??= privateKeyOf(vault.open("signing-key", key.privateKeySealed));
          return opened;
        },
      };
    });
    signerAt(signers, now()).privateKey();
    return {
      signers,
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

  const signer = async () => signerAt((await loaded(FRESH_MS)).signers, now());

  return {
    issue: async (claims, issuedAt, expiresAt) => {
      const { kid, privateKey } = await signer();
      return signSessionToken({ kid, privateKey: privateKey() }, claims, issuedAt, expiresAt);
    },
    read: (token, at) => readSessionToken(token, keyFor, at),
    certificate: async () => {
      const { privateKey: _, activeAt: __, ...certificate } = await signer();
      return certificate;
    },
    jwks: async () => {
      const { publicKeys } = await loaded(FRESH_MS);
      return Promise.all([...publicKeys].map(([kid, { pem }]) => publicJwk(kid, pem)));
    },
    changed: () => {
      loadedAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Makes the first root and signing keys; of two instances that try, one wins and both use its keys. */
async function establish(deps: { store: DocumentStore; vault: Vault; now: () => number }) {
  const [root, signing] = await Promise.all([generatePair(), generatePair()]);
  const record = {
    id: KEYRING_ID,
    rootPublicKey: root.publicKey,
    rootPrivateKeySealed: deps.vault.seal("signing-key", root.privateKey),
    keys: [
      {
        kid: await keyId(signing.publicKey),
        publicKey: signing.publicKey,
        privateKeySealed: deps.vault.seal("signing-key", signing.privateKey),
        rootSignature: rootSign(root.privateKey, signing.publicKey),
        rootPublicKey: null,
        createdAt: deps.now(),
        activeAt: deps.now(),
      },
    ],
  } as const;
  return deps.store.transaction(async (tx) => {
    const existing = await tx.get(keyrings, KEYRING_ID);
    if (existing) return existing;
    tx.create(keyrings, { ...record, keys: [...record.keys] });
    return record;
  });
}
