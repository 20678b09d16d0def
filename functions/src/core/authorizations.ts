// What a license remembers of the devices that were authorized with it.

/** A device or an address that a license was used from; only its hash is kept. */
export type Binding = {
  /** SHA-256 of what was sent, in hex. */
  valueHash: string;
  /** The country of an address; null for a device. */
  region: string | null;
  firstSeenAt: number;
  lastSeenAt: number;
  revokedAt: number | null;
};

/** One run of the app, told by the name that the app gives it. */
export type AuthorizedSession = {
  /** A UUID. */
  id: string;
  sessionId: string;
  deviceId: string | null;
  ip: string | null;
  hwidHash: string | null;
  startedAt: number;
  lastSeenAt: number;
  revokedAt: number | null;
};

export type Resets = { count: number; lastAt: number | null };

/** Bounded: live bindings and sessions by the policy, noted and ended ones by number. */
export type Authorization = {
  /** Requests in the minute that began then. */
  minute: { startedAt: number; count: number };
  lastAuthorizedAt: number | null;
  hwids: Binding[];
  addresses: Binding[];
  sessions: AuthorizedSession[];
  hwidResets: Resets;
  ipResets: Resets;
};

const NEVER_RESET: Resets = { count: 0, lastAt: null };

export const NEVER_AUTHORIZED: Authorization = {
  minute: { startedAt: 0, count: 0 },
  lastAuthorizedAt: null,
  hwids: [],
  addresses: [],
  sessions: [],
  hwidResets: NEVER_RESET,
  ipResets: NEVER_RESET,
};

/** What of a kind may still be added; a limit that nobody set is `unlimited`. */
export type Room = number | "unlimited";

/** How many are noted where nothing limits them. */
export const MOST_NOTED = 100;
/** Forgotten bindings are kept for people to see. */
const MOST_REVOKED = 20;

export const isBound = ({ revokedAt }: Binding): boolean => revokedAt === null;

/** Those last seen; the order is kept. */
export function lastSeen<T extends { readonly lastSeenAt: number }>(
  all: readonly T[],
  most: number,
): T[] {
  if (all.length <= most) return [...all];
  const kept = new Set(all.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt).slice(0, most));
  return all.filter((one) => kept.has(one));
}

/** The one seen first. */
export const firstOf = (bindings: readonly Binding[]): Binding | undefined =>
  bindings.toSorted((a, b) => a.firstSeenAt - b.firstSeenAt)[0];

/** The bindings with every live one revoked. */
export function allRevoked(bindings: readonly Binding[], now: number): Binding[] {
  const revoked = bindings.map((one) => (isBound(one) ? { ...one, revokedAt: now } : one));
  return revoked.slice(-MOST_REVOKED);
}

/** The bindings with one seen now: known ones as `known`. At most so many are live. */
export function seenNow(
  bindings: readonly Binding[],
  seen: {
    readonly known: Binding | undefined;
    readonly valueHash: string;
    readonly region: string | null;
  },
  { most, now }: { readonly most: number; readonly now: number },
): Binding[] {
  const { known, valueHash, region } = seen;
  if (known) {
    const again = { ...known, region: known.region ?? region, lastSeenAt: now };
    return bindings.map((one) => (one === known ? again : one));
  }
  const fresh = { valueHash, region, firstSeenAt: now, lastSeenAt: now, revokedAt: null };
  const others = lastSeen(bindings.filter(isBound), most - 1);
  return [...bindings.filter((one) => !isBound(one)), ...others, fresh];
}
