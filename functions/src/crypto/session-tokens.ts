import type { KeyObject } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";

/** The claims of a session token besides `iat` and `exp` (reference, section 6.1). */
export type SessionClaims = {
  readonly licenseKey: string;
  readonly machineFingerprint: string;
  readonly productId: string;
};

export type Signer = { readonly kid: string; readonly privateKey: KeyObject };

const seconds = (ms: number) => Math.floor(ms / 1000);

/** An RS256 JWT. Instants in epoch milliseconds; the token holds whole seconds. */
export function signSessionToken(
  signer: Signer,
  claims: SessionClaims,
  issuedAt: number,
  expiresAt: number,
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "RS256", kid: signer.kid, typ: "JWT" })
    .setIssuedAt(seconds(issuedAt))
    .setExpirationTime(seconds(expiresAt))
    .sign(signer.privateKey);
}

export type TokenReading =
  | { readonly state: "valid"; readonly claims: SessionClaims; readonly expiresAt: number }
  | { readonly state: "expired" }
  | { readonly state: "invalid" };

/** Reads a token signed by a key that `keyFor` still knows. */
export async function readSessionToken(
  token: string,
  keyFor: (kid: string) => Promise<KeyObject | undefined>,
  now: number,
): Promise<TokenReading> {
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const key = kid === undefined ? undefined : await keyFor(kid);
        if (!key) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      { algorithms: ["RS256"], currentDate: new Date(now), requiredClaims: ["exp", "iat"] },
    );
    const { licenseKey, machineFingerprint, productId, exp } = payload;
    if (
      typeof licenseKey !== "string" ||
      typeof machineFingerprint !== "string" ||
      typeof productId !== "string"
    ) {
      return { state: "invalid" };
    }
    const claims = { licenseKey, machineFingerprint, productId };
    return { state: "valid", claims, expiresAt: (exp ?? 0) * 1000 };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { state: "expired" };
    if (error instanceof errors.JOSEError) return { state: "invalid" };
    throw error;
  }
}
