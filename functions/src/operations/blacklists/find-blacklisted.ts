import ipaddr from "ipaddr.js";
import type { Blacklisted } from "../../core/authorize.ts";
import type { Product } from "../../core/records.ts";
import { sha256Hex } from "../../crypto/signatures.ts";
import { blacklistEntries } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { blacklistEntryId, canonicalAddress } from "./values.ts";

type Who = { readonly hwid: string | undefined; readonly address: string };

/** What the product's blacklist says of them. Reads an entry only where there are any of its type. */
export async function findBlacklisted(
  reader: Reader,
  { id: productId, blacklist }: Product,
  { hwid, address: given }: Who,
): Promise<Blacklisted> {
  const address = canonicalAddress(given);
  const entryOf = async (type: "HWID" | "IP", value: string | undefined, there: number) => {
    if (value === undefined || there === 0) return undefined;
    const valueHash = sha256Hex(new TextEncoder().encode(value));
    return reader.get(blacklistEntries, blacklistEntryId(productId, type, valueHash));
  };
  const [device, single] = await Promise.all([
    entryOf("HWID", hwid, blacklist.hwids),
    entryOf("IP", address, blacklist.ips),
  ]);
  const range = address && blacklist.ranges.find(({ cidr }) => isWithin(address, cidr));
  return { hwid: device, ip: single ?? (range || undefined) };
}

/** The range as the blacklist spells it. */
function isWithin(address: string, cidr: string): boolean {
  const one = ipaddr.parse(address);
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return one.kind() === network.kind() && one.match(network, bits);
}
