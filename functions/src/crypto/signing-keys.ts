import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
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
  return {
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/**
 * What ties a signing key to the root key that clients carry: RSASSA-PKCS1-v1_5 with SHA-256 over
 * the bytes of the signing key's PEM, base64.
 */
export const rootSign = (rootPrivateKey: string, signingPublicKey: string): string =>
  sign("sha256", Buffer.from(signingPublicKey), rootPrivateKey).toString("base64");

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
