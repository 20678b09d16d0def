import { type AuthorizedSession, lastSeen, MOST_NOTED, type Room } from "./authorizations.ts";
import { accept, type Decision, refuse } from "./decision.ts";
import type { ConcurrencyLimit } from "./policies.ts";
import type { License } from "./records.ts";

/** How long an ended session's name is turned away. */
const ENDED_MS = 24 * 3_600_000;
/** With those that ended, so that a license stays one document. */
const MOST_SESSIONS = 1_100;

export type NewSession = Pick<
  AuthorizedSession,
  "id" | "sessionId" | "deviceId" | "ip" | "hwidHash"
>;

/** Starts the session, or keeps it alive. One that is alive never counts twice. */
export function openSession(
  sessions: readonly AuthorizedSession[],
  policy: ConcurrencyLimit,
  { asked, now }: { readonly asked: NewSession | null; readonly now: number },
): Decision<{ sessions: AuthorizedSession[]; room: Room }> {
  const most = policy.mode === "limit" ? (policy.maxActive ?? 1) : undefined;
  const ended = sessions.filter(
    ({ revokedAt }) => revokedAt !== null && now - revokedAt < ENDED_MS,
  );
  const live = sessions.filter(aliveAt(policy, now));
  const kept = (alive: readonly AuthorizedSession[]) => ({
    sessions: [...lastSeen(ended, Math.max(MOST_NOTED, MOST_SESSIONS - alive.length)), ...alive],
    room: most === undefined ? ("unlimited" as const) : Math.max(0, most - alive.length),
  });
  if (!asked) return most === undefined ? accept(kept(live)) : refuse("SESSION_REQUIRED");
  const isAsked = ({ sessionId }: AuthorizedSession) => sessionId === asked.sessionId;
  if (ended.some(isAsked)) return refuse("SESSION_REVOKED");
  const known = live.find(isAsked);
  if (!known && most !== undefined && live.length >= most) {
    return refuse("CONCURRENCY_LIMIT_EXCEEDED");
  }
  const others = live.filter((one) => one !== known);
  const session: AuthorizedSession = known
    ? {
        ...known,
        deviceId: asked.deviceId ?? known.deviceId,
        ip: asked.ip,
        hwidHash: asked.hwidHash ?? known.hwidHash,
        lastSeenAt: now,
      }
    : { ...asked, startedAt: now, lastSeenAt: now, revokedAt: null };
  const room = most === undefined ? lastSeen(others, MOST_NOTED - 1) : others;
  return accept(kept([...room, session]));
}

/** Which sessions are active then. */
export const aliveAt =
  ({ sessionTtlSeconds }: ConcurrencyLimit, now: number) =>
  ({ revokedAt, lastSeenAt }: AuthorizedSession): boolean =>
    revokedAt === null && now - lastSeenAt < sessionTtlSeconds * 1000;

/** The license with its active sessions ended, or the one of that row or name. */
export function endSessions(
  license: License,
  ask: {
    /** Left out, all of them. */
    readonly session?: string | undefined;
    readonly policy: ConcurrencyLimit;
    readonly now: number;
  },
): Decision<{ license: License; revoked: number }> {
  const { session, policy, now } = ask;
  const { authorization } = license;
  const isAlive = aliveAt(policy, now);
  const all = authorization?.sessions ?? [];
  const known = all.filter((one) => one.revokedAt !== null || isAlive(one));
  const meant = session === undefined ? known : named(known, session);
  if (session !== undefined && meant.length === 0) return refuse("SESSION_NOT_FOUND");
  const ending = new Set(meant.filter(isAlive));
  if (!authorization || ending.size === 0) return accept({ license, revoked: 0 });
  const sessions = all.map((one) => (ending.has(one) ? { ...one, revokedAt: now } : one));
  const ended = { ...license, authorization: { ...authorization, sessions } };
  return accept({ license: ended, revoked: ending.size });
}

/** The session with that row id, or else those that the app called so. */
function named(sessions: readonly AuthorizedSession[], name: string): AuthorizedSession[] {
  const row = sessions.find(({ id }) => id === name.toLowerCase());
  return row ? [row] : sessions.filter(({ sessionId }) => sessionId === name);
}

const isBlocked = ({ status }: License): boolean => status === "suspended" || status === "revoked";

/** The license without live sessions where a change blocked it; the same object where it did not. */
export function sessionsEnded(before: License | null, after: License): License {
  const { authorization, updatedAt } = after;
  if (!before || isBlocked(before) || !isBlocked(after) || !authorization) return after;
  const sessions = authorization.sessions.map((session) =>
    session.revokedAt === null ? { ...session, revokedAt: updatedAt } : session,
  );
  return { ...after, authorization: { ...authorization, sessions } };
}
