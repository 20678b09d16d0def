import { accept, type Decision, refuse } from "../../core/decision.ts";
import {
  ACCESS_TOKEN_MS,
  REFRESH_TOKEN_MS,
  sessionsBeside,
  type User,
  type UserSession,
} from "../../core/users.ts";
import { readAccessToken, signAccessToken } from "../../crypto/access-tokens.ts";
import { bytesOfUuid, uuidOfBytes } from "../../crypto/uuids.ts";
import { userSessions, users } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

/** Instants in epoch milliseconds. */
export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessTokenExpiresAt: number;
  readonly refreshTokenExpiresAt: number;
};

/** Who is logged in. */
export type UserCaller = {
  readonly userId: string;
  readonly userHash: string;
  readonly sessionId: string;
};

type Drawn = { readonly id: string; readonly refreshToken: string; readonly tokenHash: string };

const PREFIX = "ggr_";
const ID_BYTES = 16;
const SECRET_BYTES = 32;
const FORM = /^ggr_[\w-]{64}$/;

/** The next refresh token of a session, which holds the session's id. */
export function drawRefreshToken(deps: Deps, id: string): Drawn {
  const bytes = Buffer.concat([bytesOfUuid(id), deps.randomBytes(SECRET_BYTES)]);
  const refreshToken = PREFIX + bytes.toString("base64url");
  return { id, refreshToken, tokenHash: deps.vault.hash("refresh-token", refreshToken) };
}

/** The session that a refresh token names, or `undefined` for a text that is none. */
export const sessionIdOf = (refreshToken: string): string | undefined =>
  FORM.test(refreshToken)
    ? uuidOfBytes(Buffer.from(refreshToken.slice(PREFIX.length), "base64url").subarray(0, ID_BYTES))
    : undefined;

/** Begins a login in the transaction that admits it, and saves the user with it. */
export function beginSession(tx: Transaction, user: User, drawn: Drawn, now: number): UserSession {
  const { kept, dropped } = sessionsBeside(user.sessions);
  const session: UserSession = {
    id: drawn.id,
    userId: user.id,
    userHash: user.emailHash,
    tokenHash: drawn.tokenHash,
    createdAt: now,
    refreshedAt: now,
    expireAt: now + REFRESH_TOKEN_MS,
  };
  tx.create(userSessions, session);
  for (const id of dropped) tx.delete(userSessions, id);
  tx.set(users, { ...user, sessions: [...kept, drawn.id] });
  return session;
}

/** Ends all logins of the user; the caller saves who is returned. */
export function endSessions(tx: Transaction, user: User): User {
  for (const id of user.sessions) tx.delete(userSessions, id);
  return { ...user, sessions: [] };
}

export async function tokensOf(
  deps: Deps,
  session: UserSession,
  refreshToken: string,
): Promise<Tokens> {
  const issuedAt = session.refreshedAt;
  // A JWT knows whole seconds: its end is told as it is.
  const expiresAt = Math.floor((issuedAt + ACCESS_TOKEN_MS) / 1000) * 1000;
  const claims = { sub: session.userId, sid: session.id, issuedAt, expiresAt };
  return {
    accessToken: await signAccessToken(deps.accessTokenKeys, claims),
    refreshToken,
    accessTokenExpiresAt: expiresAt,
    refreshTokenExpiresAt: session.expireAt,
  };
}

/** Who sent the access token, as long as the login stands. */
export async function authenticateUser(
  deps: Pick<Deps, "store" | "accessTokenKeys" | "now">,
  token: string,
): Promise<Decision<{ caller: UserCaller }>> {
  const now = deps.now();
  const reading = await readAccessToken(deps.accessTokenKeys, token, now);
  if (reading.state === "expired") return refuse("TOKEN_EXPIRED");
  if (reading.state === "invalid") return refuse("TOKEN_INVALID");
  const session = await deps.store.get(userSessions, reading.sid);
  if (!session || session.expireAt <= now || session.userId !== reading.sub) {
    return refuse("TOKEN_INVALID");
  }
  const { userId, userHash, id: sessionId } = session;
  return accept({ caller: { userId, userHash, sessionId } });
}
