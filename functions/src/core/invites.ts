import type { Role } from "./roles.ts";

export const INVITE_STATUSES = ["PENDING", "ACCEPTED", "REVOKED"] as const;

/** What lets an address into an account: one for both, which a further one replaces. Instants are epoch milliseconds. */
export type Invite = {
  /** Derived from the account and the address. */
  id: string;
  accountId: string;
  email: string;
  emailHash: string;
  role: Role;
  /** Expired is one that is pending after `expiresAt`. */
  status: (typeof INVITE_STATUSES)[number];
  /** Of the one token that is good. */
  tokenHash: string;
  /** The user who made it. */
  invitedBy: string;
  createdAt: number;
  expiresAt: number;
  expireAt: number;
};

const DAY_MS = 86_400_000;
const INVITE_MS = 7 * DAY_MS;
/** So long its token is told from one that never was. */
const KEPT_MS = 30 * DAY_MS;

export const inviteTerm = (now: number): Pick<Invite, "expiresAt" | "expireAt"> => ({
  expiresAt: now + INVITE_MS,
  expireAt: now + INVITE_MS + KEPT_MS,
});

export const isOpenInvite = (
  { status, expiresAt }: Pick<Invite, "status" | "expiresAt">,
  now: number,
): boolean => status === "PENDING" && expiresAt > now;
