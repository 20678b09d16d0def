import { errors, jwtVerify, SignJWT } from "jose";
import type { Vault } from "./vault.ts";

/** Which surface a token is for; each has a key of its own. */
export type Surface = "access" | "enduser";

export type AccessClaims = {
  /** The user. */
  readonly sub: string;
  /** The session, by which it can be ended early. */
  readonly sid: string;
};

export type AccessTokenKeys = Readonly<Record<Surface, Uint8Array>>;

/** From secrets that an operator set, or else from the vault, so that there is none to set. */
export function accessTokenKeys(
  vault: Vault,
  secrets: Readonly<Partial<Record<Surface, string | undefined>>> = {},
): AccessTokenKeys {
  const keyFor = (surface: Surface) =>
    Buffer.from(secrets[surface] || vault.hash("access-token", surface));
  return { access: keyFor("access"), enduser: keyFor("enduser") };
}

const seconds = (ms: number) => Math.floor(ms / 1000);

/** An HS256 JWT. Instants in epoch milliseconds; the token holds whole seconds. */
export const signAccessToken = (
  keys: AccessTokenKeys,
  surface: Surface,
  { sub, sid, issuedAt, expiresAt }: AccessClaims & { issuedAt: number; expiresAt: number },
): Promise<string> =>
  new SignJWT({ typ: surface, sid })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setIssuedAt(seconds(issuedAt))
    .setExpirationTime(seconds(expiresAt))
    .sign(keys[surface]);

export type AccessReading =
  | ({ readonly state: "valid" } & AccessClaims)
  | { readonly state: "expired" }
  | { readonly state: "invalid" };

/** Reads a token of that surface; whether its session still stands is for others to say. */
export async function readAccessToken(
  keys: AccessTokenKeys,
  surface: Surface,
  token: string,
  now: number,
): Promise<AccessReading> {
  try {
    const { payload } = await jwtVerify(token, keys[surface], {
      algorithms: ["HS256"],
      currentDate: new Date(now),
      requiredClaims: ["exp", "iat", "sub"],
    });
    const { sub, sid, typ } = payload;
    return typ === surface && typeof sub === "string" && typeof sid === "string"
      ? { state: "valid", sub, sid }
      : { state: "invalid" };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { state: error.payload["typ"] === surface ? "expired" : "invalid" };
    }
    if (error instanceof errors.JOSEError) return { state: "invalid" };
    throw error;
  }
}
