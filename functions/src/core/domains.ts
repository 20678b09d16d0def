const MAX_LENGTH = 253;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//;
const HOST = /^(?:\[[0-9a-f:.]+\]|[^\s\p{C}:/?#@[\]\\]+)$/u;

/**
 * The host that a domain or an address of a site names, as one spelling: lower case, without
 * scheme, user, port, path and final dots. `undefined` for what names none.
 */
export function normaliseDomain(given: string): string | undefined {
  const [authority = ""] = given
    .trim()
    .toLowerCase()
    .replace(SCHEME, "")
    .split(/[/?#\\]/, 1);
  const host = authority
    .slice(authority.lastIndexOf("@") + 1)
    .replace(/:\d*$/, "")
    .replace(/\.+$/, "");
  return host.length <= MAX_LENGTH && HOST.test(host) ? host : undefined;
}

/** The fingerprint of an activation that is bound to a domain alone. */
export const domainFingerprint = (domain: string): string => `domain:${domain}`;
