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
