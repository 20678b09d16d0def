import type { License } from "./records.ts";

/** A customer of an account who has licenses in its portal. */
export type EndUser = {
  /** A UUID. */
  id: string;
  accountId: string;
  email: string;
  username: string | null;
  /** What a search looks at; follows from both names. */
  folded: string;
  passwordHash: string | null;
  bannedAt: number | null;
  /** Tokens of an earlier generation are void. */
  tokenGeneration: number;
  /** Tokens of this generation that were logged out and have not run out yet. */
  blockedTokens: { id: string; expireAt: number }[];
  /** Of the licenses it has, how many are of which product. */
  licenseCounts: Record<string, number>;
  /** The products of which it has licenses; follows from `licenseCounts`. */
  productIds: string[];
  createdAt: number;
  updatedAt: number;
};

export const SHORTEST_END_USER_PASSWORD = 8;
export const LONGEST_END_USER_PASSWORD = 128;
/** Without `@`, so that no user name looks like the address of somebody else. */
export const USERNAME_FORM = /^[A-Za-z0-9][A-Za-z0-9._-]{2,31}$/;

export const END_USER_TOKEN_MS = 7 * 86_400_000;
const MOST_BLOCKED = 50;

type TokenState = Pick<EndUser, "tokenGeneration" | "blockedTokens">;

/** What a token says of itself besides whose it is. */
export type TokenMarks = { readonly id: string; readonly generation: number };

export const isTokenGood = (
  { tokenGeneration, blockedTokens }: TokenState,
  { id, generation }: TokenMarks,
): boolean => generation === tokenGeneration && !blockedTokens.some((one) => one.id === id);

/** The end user with one token less; when too many are blocked at once, without any. */
export function tokenBlocked(
  endUser: EndUser,
  token: { readonly id: string; readonly expireAt: number },
  now: number,
): EndUser {
  const live = endUser.blockedTokens.filter(({ expireAt }) => expireAt > now);
  return live.length < MOST_BLOCKED
    ? { ...endUser, blockedTokens: [...live, { id: token.id, expireAt: token.expireAt }] }
    : { ...endUser, blockedTokens: [], tokenGeneration: endUser.tokenGeneration + 1 };
}

const SEARCHED_LENGTH = 100;

export const foldedNames = ({ email, username }: Pick<EndUser, "email" | "username">): string =>
  Array.from([username ?? "", email].join("\n").toLowerCase())
    .slice(0, SEARCHED_LENGTH)
    .join("");

/** The end user with so many licenses of the product more, or less. */
export function licensesCounted(owner: EndUser, productId: string, change: number): EndUser {
  const { [productId]: had = 0, ...others } = owner.licenseCounts;
  const has = Math.max(0, had + change);
  const licenseCounts = has === 0 ? others : { ...owner.licenseCounts, [productId]: has };
  return { ...owner, licenseCounts, productIds: Object.keys(licenseCounts) };
}

/** What a license says of the one who has it. */
export const ownedBy = (
  owner: EndUser | null,
): Pick<License, "endUserId" | "ownerName" | "email"> => ({
  endUserId: owner?.id ?? null,
  ownerName: owner?.username ?? null,
  email: owner?.email ?? "",
});
