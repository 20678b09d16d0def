import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

/** What a hash or a sealed text is for; one purpose never reads another's. */
export type Purpose =
  | "license-key"
  | "license-facet"
  | "api-key"
  | "api-key-secret"
  | "network"
  | "payment"
  | "webhook"
  | "signing-key"
  | "site-token"
  | "idempotency"
  | "upload-link"
  | "admin-secret"
  | "access-token"
  | "user-email"
  | "end-user"
  | "download-link"
  | "refresh-token"
  | "user-token"
  | "invite-token"
  | "totp"
  | "backup-code"
  | "secret-check";

export type Vault = {
  /** Keyed hash by which a secret is looked up: HMAC-SHA256 as 43 base64url characters. */
  readonly hash: (purpose: Purpose, secret: string) => string;
  /** AES-256-GCM under the newest key, as `version.data`. */
  readonly seal: (purpose: Purpose, text: string) => string;
  /** Throws when the text was sealed for another purpose, with a key that is gone, or altered. */
  readonly open: (purpose: Purpose, sealed: string) => string;
};

export type VaultKeys = {
  /** 32 bytes; never changes, or every license key would be unknown. */
  readonly pepper: Uint8Array;
  /** The first seals, all of them open. */
  readonly encryption: readonly { readonly version: string; readonly key: Uint8Array }[];
};

const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createVault(keys: VaultKeys): Vault {
  const newest = keys.encryption[0];
  if (!newest) throw new RangeError("A vault needs an encryption key.");
  // Key objects, as node takes several times as long over keys that are bytes.
  const peppers = new Map<Purpose, KeyObject>();
  const pepperFor = (purpose: Purpose) => {
    const known = peppers.get(purpose);
    if (known) return known;
    const bytes = hkdfSync("sha256", keys.pepper, "", `latchkey ${purpose}`, 32);
    const derived = createSecretKey(Buffer.from(bytes));
    peppers.set(purpose, derived);
    return derived;
  };
  return {
    hash: (purpose, secret) =>
      createHmac("sha256", pepperFor(purpose)).update(secret).digest("base64url"),
    seal(purpose, text) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", newest.key, iv).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final()]);
      const whole = Buffer.concat([sealed, cipher.getAuthTag()]);
      return `${newest.version}.${whole.toString("base64url")}`;
    },
    open(purpose, sealed) {
      const version = sealed.split(".", 1).join();
      const known = keys.encryption.find((entry) => entry.version === version);
      if (!known) throw new Error(`No encryption key of version ${version}.`);
      const whole = Buffer.from(sealed.slice(version.length + 1), "base64url");
      // Decoding skips what is not base64url; a sealed text has one spelling.
      if (sealed !== `${version}.${whole.toString("base64url")}`) {
        throw new Error("The sealed text was altered.");
      }
      const iv = whole.subarray(0, IV_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", known.key, iv, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(whole.subarray(-TAG_BYTES));
      const text = decipher.update(whole.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString("utf8");
    },
  };
}

/** Reads `version:hex,version:hex`, newest first. */
export function parseEncryptionKeys(text: string): VaultKeys["encryption"] {
  const keys = text.split(",").map((entry) => {
    const match = /^([A-Za-z0-9]{1,16}):([0-9a-f]{64})$/i.exec(entry.trim());
    if (!match?.[1] || !match[2]) {
      throw new TypeError("Encryption keys are version:64 hex digits, separated by commas.");
    }
    return { version: match[1], key: Buffer.from(match[2], "hex") };
  });
  if (new Set(keys.map(({ version }) => version)).size < keys.length) {
    throw new TypeError("Each encryption key needs a version of its own.");
  }
  return keys;
}

/** SHA-256 as 43 base64url characters. */
export const digest = (text: string): string => hash("sha256", text, "base64url");

/** A document id for what may exist once: the same parts give the same id. */
export const derivedId = (kind: string, ...parts: readonly string[]): string =>
  digest(JSON.stringify([kind, ...parts]));

/** SHA-256 as 32 bytes: draws that can be made again from their seed. */
export const derivedBytes = (kind: string, ...parts: readonly string[]): Uint8Array =>
  createHash("sha256")
    .update(JSON.stringify([kind, ...parts]))
    .digest();

/** The same as a UUID of version 8 (RFC 9562), for those who see it. */
export function derivedUuid(kind: string, ...parts: readonly string[]): string {
  const bytes = createHash("sha256")
    .update(JSON.stringify([kind, ...parts]))
    .digest();
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x80;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join("-");
}

/** Compares without telling by its time where the difference is. */
export function sameSecret(given: string, expected: string): boolean {
  const bytes = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(bytes(given), bytes(expected));
}
