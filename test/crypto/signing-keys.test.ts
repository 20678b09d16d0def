import { createHash, createPublicKey, verify } from "node:crypto";
import {
  generatePair,
  keyId,
  type PemPair,
  publicJwk,
  publicKeyOf,
  rootSign,
} from "../../functions/src/crypto/signing-keys.ts";

let root: PemPair;
let signing: PemPair;
beforeAll(async () => {
  [root, signing] = await Promise.all([generatePair(), generatePair()]);
});

test("a pair is 2048-bit RSA as SPKI and PKCS #8, and never the same", () => {
  expect(publicKeyOf(signing.publicKey)).toMatchObject({
    asymmetricKeyType: "rsa",
    asymmetricKeyDetails: { modulusLength: 2048, publicExponent: 65537n },
  });
  expect(signing.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  expect(signing.privateKey.startsWith("-----BEGIN PRIVATE KEY-----\n")).toBe(true);
  expect(signing.publicKey).not.toBe(root.publicKey);
});

test("a client that carries the root key verifies the signature over the PEM's bytes", () => {
  const signature = Buffer.from(rootSign(root.privateKey, signing.publicKey), "base64");
  const check = (signed: string, key: string) =>
    verify("RSA-SHA256", Buffer.from(signed), key, signature);
  expect(check(signing.publicKey, root.publicKey)).toBe(true);
  expect(check(signing.publicKey.trim(), root.publicKey)).toBe(false);
  expect(check(root.publicKey, root.publicKey)).toBe(false);
  expect(check(signing.publicKey, signing.publicKey)).toBe(false);
});

test("a key's id is its RFC 7638 thumbprint", async () => {
  const { e, kty, n } = createPublicKey(signing.publicKey).export({ format: "jwk" });
  const canonical = JSON.stringify({ e, kty, n });
  const thumbprint = createHash("sha256").update(canonical).digest("base64url");
  expect(await keyId(signing.publicKey)).toBe(thumbprint);
});

test("the thumbprint is the RFC's own for the RFC's own key", async () => {
  const n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
  const key = createPublicKey({ key: { kty: "RSA", e: "AQAB", n }, format: "jwk" });
  const pem = key.export({ type: "spki", format: "pem" }).toString();
  expect(await keyId(pem)).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
});

test("the JWK is the PEM's key and holds nothing private", async () => {
  const jwk = await publicJwk("key-1", signing.publicKey);
  expect(jwk).toEqual({
    kty: "RSA",
    n: expect.any(String),
    e: "AQAB",
    kid: "key-1",
    alg: "RS256",
    use: "sig",
  });
  const key = createPublicKey({ key: jwk, format: "jwk" });
  expect(key.export({ type: "spki", format: "pem" })).toBe(signing.publicKey);
});
