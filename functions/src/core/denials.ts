import type { Refusal, RefusalCode } from "./decision.ts";

/** Why an authorization is denied, in the words that clients are answered and vendors are told. */
export type Denial = { readonly reasonCode: string; readonly message: string };

/** Reference, section 7.3. */
const DENIALS: Partial<Record<RefusalCode, readonly [reasonCode: string, message: string]>> = {
  LICENSE_NOT_FOUND: ["LICENSE_NOT_FOUND", "License key not found"],
  WRONG_PRODUCT: ["PRODUCT_MISMATCH", "License does not belong to this product"],
  LICENSE_REVOKED: ["LICENSE_REVOKED", "License has been revoked"],
  LICENSE_SUSPENDED: ["LICENSE_REVOKED", "License is frozen"],
  LICENSE_EXPIRED: ["LICENSE_EXPIRED", "License has expired"],
  LICENSE_EXPIRED_RELATIVE: ["LICENSE_EXPIRED_RELATIVE", "License has expired"],
  HWID_BLACKLISTED: ["HWID_BLACKLISTED", "Hardware ID is blacklisted"],
  IP_BLACKLISTED: ["IP_BLACKLISTED", "IP address is blacklisted"],
  HWID_REQUIRED: ["HWID_REQUIRED", "Hardware ID is required"],
  HWID_MISMATCH: ["HWID_MISMATCH", "Hardware ID does not match bound device"],
  HWID_LIMIT_EXCEEDED: ["HWID_LIMIT_EXCEEDED", "Maximum number of devices reached"],
  IP_MISMATCH: ["IP_MISMATCH", "IP address does not match bound address"],
  IP_LIMIT_EXCEEDED: ["IP_LIMIT_EXCEEDED", "Maximum number of IP addresses reached"],
  SESSION_REQUIRED: ["SESSION_REQUIRED", "Session ID is required"],
  SESSION_REVOKED: ["SESSION_REVOKED", "Session has been revoked"],
  CONCURRENCY_LIMIT_EXCEEDED: [
    "CONCURRENCY_LIMIT_EXCEEDED",
    "Maximum number of concurrent sessions reached",
  ],
};

/** `undefined` for a refusal that is no answer about the license, such as a rate limit. */
export function denialOf({ code, why }: Refusal): Denial | undefined {
  const denial = DENIALS[code];
  // A vendor's own reason to turn a device or an address away goes before ours.
  return denial && { reasonCode: denial[0], message: why || denial[1] };
}
