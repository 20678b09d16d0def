import ipaddr from "ipaddr.js";
import type { BlacklistEntry } from "../../core/blacklists.ts";
import { derivedUuid } from "../../crypto/vault.ts";

const DECIMAL = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV4_IN_IPV6_BITS = 96;

/** Zeros before a decimal are no octal here: nobody who blocks 203.0.113.010 means .8. */
const unpadded = (text: string): string =>
  DECIMAL.test(text) ? text.split(".").map(Number).join(".") : text;

/** The one spelling of an IPv4 or IPv6 address; `undefined` for what is none. */
export function canonicalAddress(text: string): string | undefined {
  const address = parsed(text);
  return address && spelled(address);
}

/** The same for a range such as `203.0.113.0/24`; one that has a single address is that address. */
export function canonicalRange(text: string): string | undefined {
  const [network = "", length = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const bare = unpadded(network.trim());
  const address = parsed(bare);
  if (!address) return undefined;
  const mapped = bare.includes(":") && address.kind() === "ipv4";
  const bits = Number(length) - (mapped ? IPV4_IN_IPV6_BITS : 0);
  const most = address.kind() === "ipv4" ? 32 : 128;
  if (bits < 0 || bits > most) return undefined;
  if (bits === most) return spelled(address);
  const family = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${spelled(family.networkAddressFromCIDR(`${spelled(address)}/${bits}`))}/${bits}`;
}

/** A value as it is filed: devices as they call themselves, addresses in one spelling. */
export const canonicalValue = (type: BlacklistEntry["type"], value: string): string | undefined => {
  if (type === "HWID") return value;
  return value.includes("/") ? canonicalRange(value) : canonicalAddress(value);
};

/** One for each product, type and value. */
export const blacklistEntryId = (
  productId: string,
  type: BlacklistEntry["type"],
  valueHash: string,
): string => derivedUuid("blacklist", productId, type, valueHash);

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function parsed(text: string): Address | undefined {
  const plain = unpadded(text.trim());
  // The library also reads 1.2 and 0x7f000001; no client sends them.
  if (!(DECIMAL.test(plain) || (plain.includes(":") && !plain.includes("%")))) return undefined;
  return ipaddr.isValid(plain) ? ipaddr.process(plain) : undefined;
}

const spelled = (address: Address): string =>
  "toRFC5952String" in address ? address.toRFC5952String() : address.toString();
