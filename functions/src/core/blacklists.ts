import type { Product } from "./records.ts";

export const BLACKLIST_TYPES = ["HWID", "IP"] as const;

/** A device or an address that a product turns away. */
export type BlacklistEntry = {
  /** Derived from product, type and value. */
  id: string;
  accountId: string;
  productId: string;
  type: (typeof BLACKLIST_TYPES)[number];
  /** As people are shown it: an address, or a range of them, in its canonical spelling. */
  value: string;
  /** SHA-256 of the value, in hex. */
  valueHash: string;
  /** What a search looks in. */
  folded: string;
  reason: string | null;
  createdAt: number;
  updatedAt: number;
};

/** They stand in the product, which every authorization reads. */
export const MOST_RANGES = 200;
export const MOST_ENTRIES_AT_ONCE = 200;
/** Longer texts cannot be searched for a part. */
const FOLDED_LENGTH = 100;

export const foldValue = (text: string): string =>
  Array.from(text.toLowerCase()).slice(0, FOLDED_LENGTH).join("");

type Blacklist = Product["blacklist"];

export const isRange = ({ type, value }: Pick<BlacklistEntry, "type" | "value">): boolean =>
  type === "IP" && value.includes("/");

/** What the product says of its blacklist once the entry is there; `known` where it was before. */
export function blacklistWith(
  blacklist: Blacklist,
  entry: BlacklistEntry,
  { known }: { known: boolean },
): Blacklist {
  if (!isRange(entry)) return known ? blacklist : counted(blacklist, entry, 1);
  const { id, value: cidr, reason } = entry;
  const others = blacklist.ranges.filter((range) => range.id !== id);
  return { ...blacklist, ranges: [...others, { id, cidr, reason }] };
}

/** The same once the entry is gone. */
export const blacklistWithout = (blacklist: Blacklist, entry: BlacklistEntry): Blacklist =>
  isRange(entry)
    ? { ...blacklist, ranges: blacklist.ranges.filter(({ id }) => id !== entry.id) }
    : counted(blacklist, entry, -1);

function counted(blacklist: Blacklist, { type }: BlacklistEntry, change: number): Blacklist {
  const kind = type === "HWID" ? "hwids" : "ips";
  return { ...blacklist, [kind]: Math.max(0, blacklist[kind] + change) };
}
