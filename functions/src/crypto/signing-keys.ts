import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";

export type { KeyObject };
export type PublicJwk = JWK;

const MODULUS_BITS = 2048;
const generate = promisify(generateKeyPair);

/** An RSA pair as PEM: SPKI and PKCS #8. */
export type PemPair = { readonly publicKey: string; readonly privateKey: string };

export async function generatePair(): Promise<PemPair> {
  const pair = await generate("rsa", { modulusLength: MODULUS_BITS });
  return { publicKey: spki(pair.publicKey), privateKey: pkcs8(pair.privateKey) };
}

/**
 * What ties a signing key to the root key that clients carry: RSASSA-PKCS1-v1_5 with SHA-256 over
 * the bytes of the signing key's PEM, base64.
 */
export const rootSign = (rootPrivateKey: string, signingPublicKey: string): string =>
  sign("sha256", Buffer.from(signingPublicKey), rootPrivateKey).toString("base64");

/** Whether the signature is the root key's over that key. */
export const rootSigned = (
  rootPublicKey: string,
  signingPublicKey: string,
  signature: string,
): boolean =>
  verify("sha256", Buffer.from(signingPublicKey), rootPublicKey, Buffer.from(signature, "base64"));

/** A private key of our kind as its pair; `undefined` when it is none. */
export function pairOf(privatePem: string): PemPair | undefined {
  const key = ours(() => createPrivateKey(privatePem));
  return key && { publicKey: spki(createPublicKey(key)), privateKey: pkcs8(key) };
}

/** A public key of our kind in its canonical spelling; `undefined` when it is none. */
export function publicPemOf(pem: string): string | undefined {
  // Node would derive a public key from a private one, which has no business here.
  const key = pem.includes("PRIVATE") ? undefined : ours(() => createPublicKey(pem));
  return key && spki(key);
}

function ours(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === "rsa" && bits >= MODULUS_BITS ? key : undefined;
  } catch {
    return undefined;
  }
}

const spki = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const pkcs8 = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

/** The key's RFC 7638 thumbprint. */
export const keyId = async (publicKey: string): Promise<string> =>
  calculateJwkThumbprint(await exportJWK(createPublicKey(publicKey)));

export const publicJwk = async (kid: string, publicKey: string): Promise<PublicJwk> => ({
  ...(await exportJWK(createPublicKey(publicKey))),
  kid,
  alg: "RS256",
  use: "sig",
});

export const privateKeyOf = (pem: string): KeyObject => createPrivateKey(pem);
export const publicKeyOf = (pem: string): KeyObject => createPublicKey(pem);
