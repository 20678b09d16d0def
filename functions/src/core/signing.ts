import { accept, type Decision, refuse } from "./decision.ts";
import { TOKEN_LIFE_MS } from "./licenses.ts";

/** How long an instance goes on with the keys it has read. */
export const KEYRING_FRESH_MS = 300_000;
/** An instance that meets an unknown key id reads again, at most once in this time. */
export const KEYRING_MISS_MS = 10_000;
/** Every instance has read a new key before it signs; the rest is for clocks that differ. */
const LEAD_MS = 2 * KEYRING_FRESH_MS;
/** Instances that have not read it yet meet its tokens as unknown ones, and may read again by then. */
const SHORT_LEAD_MS = 3 * KEYRING_MISS_MS;
/** After the successor's start: the longest token, and an hour for instances that learned of it late. */
const KEPT_MS = TOKEN_LIFE_MS + 3_600_000;

export type SigningKey = {
  kid: string;
  publicKey: string;
  privateKeySealed: string;
  rootSignature: string;
  /** The root that signed it, where the keyring has another one since. */
  rootPublicKey: string | null;
  createdAt: number;
  /** It signs from then on, until a newer key does. */
  activeAt: number;
};

export type KeyringRecord = {
  id: "signing";
  rootPublicKey: string;
  rootPrivateKeySealed: string | null;
  /** Newest first. */
  keys: SigningKey[];
};

/** The newest key whose time has come; on a clock that lags behind them all, the oldest. */
export function signerAt<K extends { activeAt: number }>(keys: readonly K[], now: number): K {
  const signer = keys.find((key) => key.activeAt <= now) ?? keys.at(-1);
  if (!signer) throw new RangeError("The keyring is empty.");
  return signer;
}

type NewKey = Pick<SigningKey, "kid" | "publicKey" | "privateKeySealed" | "rootSignature">;

export type Rotation = {
  readonly key: NewKey;
  /** The root that signed the key. */
  readonly rootPublicKey: string;
  /** The service forgets the private half of the root it had. */
  readonly replaceRoot?: boolean | undefined;
  readonly immediately?: boolean | undefined;
  /** Drops the key that signs now. */
  readonly revoke?: boolean | undefined;
  readonly revokeKid?: string | undefined;
};

export type Rotated = {
  readonly keyring: KeyringRecord;
  readonly activeAt: number;
  /** Dropped though tokens under them may live. */
  readonly revokedKids: string[];
  /** Dropped because no token under them lives. */
  readonly prunedKids: string[];
};

/** Puts a new key in front. Keys in front of an older one are what supersedes it. */
export function rotate(keyring: KeyringRecord, ask: Rotation, now: number): Decision<Rotated> {
  const { keys } = keyring;
  if (keys.some(({ kid }) => kid === ask.key.kid)) {
    return refuse("SIGNING_KEY_TAKEN", { field: "privateKey" });
  }
  const otherRoot = ask.rootPublicKey !== keyring.rootPublicKey;
  if (otherRoot && !ask.replaceRoot) {
    return refuse("ROOT_KEY_MISMATCH", { field: "rootPublicKey" });
  }
  const signer = signerAt(keys, now).kid;
  const revoked = ask.revokeKid ?? (ask.revoke ? signer : undefined);
  if (revoked !== undefined && !keys.some(({ kid }) => kid === revoked)) {
    return refuse("SIGNING_KEY_NOT_FOUND", { field: "revokeKid" });
  }
  // Without the one that signs there is nothing to wait with.
  const lead = revoked === signer ? 0 : ask.immediately ? SHORT_LEAD_MS : LEAD_MS;
  const activeAt = now + lead;
  const living = keys.filter((_, index) => {
    const supersededAt = Math.min(...keys.slice(0, index).map((newer) => newer.activeAt));
    return now < supersededAt + KEPT_MS;
  });
  const kept = living
    .filter(({ kid }) => kid !== revoked)
    .map((key) =>
      otherRoot ? { ...key, rootPublicKey: key.rootPublicKey ?? keyring.rootPublicKey } : key,
    );
  return accept({
    keyring: {
      ...keyring,
      rootPublicKey: ask.rootPublicKey,
      rootPrivateKeySealed: ask.replaceRoot ? null : keyring.rootPrivateKeySealed,
      keys: [{ ...ask.key, rootPublicKey: null, createdAt: now, activeAt }, ...kept],
    },
    activeAt,
    revokedKids: revoked === undefined ? [] : [revoked],
    prunedKids: keys
      .filter((key) => !living.includes(key) && key.kid !== revoked)
      .map((k) => k.kid),
  });
}
