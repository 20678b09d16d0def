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
  /** Of the licenses it has, how many are of which product. */
  licenseCounts: Record<string, number>;
  /** The products of which it has licenses; follows from `licenseCounts`. */
  productIds: string[];
  createdAt: number;
  updatedAt: number;
};

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
