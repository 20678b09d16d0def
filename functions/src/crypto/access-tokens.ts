import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
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

/** A token of the dashboard: an HS256 JWT. Instants in epoch milliseconds; the token holds whole seconds. */
export const signAccessToken = (
  keys: AccessTokenKeys,
  { sub, sid, issuedAt, expiresAt }: AccessClaims & { issuedAt: number; expiresAt: number },
): Promise<string> =>
  new SignJWT({ typ: "access", sid })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setIssuedAt(seconds(issuedAt))
    .setExpirationTime(seconds(expiresAt))
    .sign(keys.access);

type Reading<Claims> =
  | ({ readonly state: "valid" } & Claims)
  | { readonly state: "expired" }
  | { readonly state: "invalid" };

/** Reads a token of the dashboard; whether its session still stands is for others to say. */
export const readAccessToken = (
  keys: AccessTokenKeys,
  token: string,
  now: number,
): Promise<Reading<AccessClaims>> =>
  read(keys, "access", { token, now }, ({ sub, sid }) =>
    typeof sub === "string" && typeof sid === "string" ? { sub, sid } : undefined,
  );

export type EndUserClaims = {
  readonly sub: string;
  readonly org: string;
  /** By which it can be blocked. */
  readonly jti: string;
  readonly generation: number;
  /** Epoch milliseconds, of whole seconds. */
  readonly expiresAt: number;
};

/** A token of the customers' portal: an HS256 JWT. */
export const signEndUserToken = (
  keys: AccessTokenKeys,
  { sub, org, jti, generation, issuedAt, expiresAt }: EndUserClaims & { issuedAt: number },
): Promise<string> =>
  new SignJWT({ typ: "enduser", org, gen: generation })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setJti(jti)
    .setIssuedAt(seconds(issuedAt))
    .setExpirationTime(seconds(expiresAt))
    .sign(keys.enduser);

/** Reads a token of the portal; whether it was blocked is for others to say. */
export const readEndUserToken = (
  keys: AccessTokenKeys,
  token: string,
  now: number,
): Promise<Reading<EndUserClaims>> =>
  read(keys, "enduser", { token, now }, ({ sub, org, jti, gen, exp = 0 }) =>
    typeof sub === "string" &&
    typeof org === "string" &&
    typeof jti === "string" &&
    typeof gen === "number"
      ? { sub, org, jti, generation: gen, expiresAt: exp * 1000 }
      : undefined,
  );

async function read<Claims extends object>(
  keys: AccessTokenKeys,
  surface: Surface,
  { token, now }: { readonly token: string; readonly now: number },
  claimsOf: (payload: JWTPayload) => Claims | undefined,
): Promise<Reading<Claims>> {
  try {
    const { payload } = await jwtVerify(token, keys[surface], {
      algorithms: ["HS256"],
      currentDate: new Date(now),
      requiredClaims: ["exp", "iat", "sub"],
    });
    const claims = payload["typ"] === surface ? claimsOf(payload) : undefined;
    return claims ? { state: "valid", ...claims } : { state: "invalid" };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { state: error.payload["typ"] === surface ? "expired" : "invalid" };
    }
    if (error instanceof errors.JOSEError) return { state: "invalid" };
    throw error;
  }
}
