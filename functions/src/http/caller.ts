import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

type Asked = Pick<IncomingMessage, "headers" | "socket">;

/** Codes that proxies send for an unknown country, a satellite, or Tor. */
const NO_COUNTRY = new Set(["XX", "ZZ", "A1", "A2", "AP", "EU", "T1"]);
const IPV6_NETWORK_BYTES = 8;

/**
 * The caller's address. Each trusted proxy appends the address it saw to `X-Forwarded-For`, so the
 * caller's is that many entries from the end; what stands before it anybody can write.
 */
export function callerAddress(request: Asked, trustedProxies: number): string {
  const forwarded = [request.headers["x-forwarded-for"] ?? []].flat().join(",");
  const hops = forwarded
    .split(",")
    .map((hop) => hop.trim())
    .filter(Boolean);
  const seen = trustedProxies > 0 ? hops.at(-Math.min(trustedProxies, hops.length)) : undefined;
  return plainAddress(seen ?? request.socket.remoteAddress ?? "unknown");
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const WITH_PORT = /^\[(?<six>[^\]]*)\](?::\d+)?$|^(?<four>\d+\.\d+\.\d+\.\d+):\d+$/;

/** Some proxies append the port too, and a socket for both families spells IPv4 as IPv6: one caller has one spelling. */
function plainAddress(seen: string): string {
  if (IPV4.test(seen)) return seen;
  const { six, four } = WITH_PORT.exec(seen)?.groups ?? {};
  const address = six ?? four ?? seen;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

/** What one customer has of an address: an IPv4 address, or the /64 network of an IPv6 one. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4"
    ? parsed.toString()
    : Buffer.from(parsed.toByteArray().slice(0, IPV6_NETWORK_BYTES)).toString("hex");
}

/**
 * The country in the first of the headers that names one: two letters of ISO 3166. Without a proxy in front
 * they are the caller's own, who would be wherever a license's policy wants.
 */
export function countryOf(
  { headers }: Pick<Asked, "headers">,
  {
    countryHeaders,
    trustedProxies,
  }: { readonly countryHeaders: readonly string[]; readonly trustedProxies: number },
): string | null {
  for (const name of trustedProxies > 0 ? countryHeaders : []) {
    const value = String(headers[name] ?? "")
      .trim()
      .toUpperCase();
    if (/^[A-Z]{2}$/.test(value) && !NO_COUNTRY.has(value)) return value;
  }
  return null;
}
