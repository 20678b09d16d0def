import type { Role } from "./roles.ts";

// People with accounts of their own on the dashboard. Instants are epoch milliseconds.

export type User = {
  /** The document id: a keyed hash of the folded address. */
  emailHash: string;
  id: string;
  email: string;
  name: string | null;
  passwordHash: string;
  emailVerifiedAt: number | null;
  /** The second factor, once it is enabled. */
  totp: Totp | null;
  /** The secret that was set up and not confirmed yet. */
  pendingTotpSealed: string | null;
  activeAccountId: string | null;
  /** Ids of logins that may still be good, oldest first: what a new password ends. */
  sessions: string[];
  createdAt: number;
  updatedAt: number;
};

export type Totp = {
  secretSealed: string;
  enabledAt: number;
  /** The last time step whose code was used; it and earlier ones are spent. */
  lastStep: number;
  /** Of the codes that are left. */
  backupHashes: string[];
};

/** A login and all refresh tokens that follow from it; revoking it deletes it. */
export type UserSession = {
  id: string;
  userId: string;
  userHash: string;
  /** Of the one refresh token that is good. */
  tokenHash: string;
  createdAt: number;
  refreshedAt: number;
  expireAt: number;
};

export type Membership = {
  /** Derived from the user and the organization. */
  id: string;
  userId: string;
  userHash: string;
  accountId: string;
  email: string;
  name: string | null;
  role: Role;
  createdAt: number;
  updatedAt: number;
};

export const USER_TOKEN_KINDS = ["verify-email", "reset-password", "login-challenge"] as const;

/** Something that is good once and for a while: a link in a mail, the first half of a login. */
export type UserToken = {
  /** Keyed hash of the token. */
  id: string;
  kind: (typeof USER_TOKEN_KINDS)[number];
  userId: string;
  userHash: string;
  /** Of the password it was given under: with another one it is void. */
  stamp: string;
  failures: number;
  createdAt: number;
  expireAt: number;
};

export type DashboardSettings = {
  /** Where links in mails lead; null puts the bare token into the mail. */
  readonly url: string | null;
  /** From where browsers may call it. */
  readonly origins: readonly string[];
  /** Whether an address must be proved before its first login. */
  readonly verifyEmails: boolean;
  /** Whether anybody may register. */
  readonly openRegistration: boolean;
  /** Calls of a route that takes passwords or sends mails, a minute; 0 is no limit. */
  readonly authPerAddress: number;
  readonly authPerEmail: number;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export const ACCESS_TOKEN_MS = 15 * MINUTE_MS;
export const REFRESH_TOKEN_MS = 30 * DAY_MS;

export const TOKEN_LIFE_MS: Readonly<Record<UserToken["kind"], number>> = {
  "verify-email": 3 * DAY_MS,
  "reset-password": 60 * MINUTE_MS,
  "login-challenge": 5 * MINUTE_MS,
};

/** Wrong codes after which a challenge is burnt. */
export const CHALLENGE_FAILURES = 5;

export const MOST_SESSIONS = 100;

/** The logins that are kept beside a new one, and those that make room for it. */
export function sessionsBeside(sessions: readonly string[]): { kept: string[]; dropped: string[] } {
  const surplus = Math.max(0, sessions.length - MOST_SESSIONS + 1);
  return { kept: sessions.slice(surplus), dropped: sessions.slice(0, surplus) };
}

export const SHORTEST_PASSWORD = 8;
export const LONGEST_PASSWORD = 256;

/** One spelling, whatever keyboard and system typed it (NIST SP 800-63B, section 5.1.1.2). */
export const typedPassword = (password: string): string => password.normalize("NFKC");
