import { domainFingerprint } from "../../core/domains.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import { type Standing, standingAt, UNLIMITED } from "../../core/licenses.ts";
import type { Activation, License } from "../../core/records.ts";
import { iso, isoOrNull } from "../../http/instants.ts";
import { usageOf } from "../../operations/activations/usage.ts";
import type { Deps } from "../../operations/deps.ts";

/** In its grace a license goes on: it is active until that is over too. */
export const licenseStatus = (license: License, now: number) => STATUS_OF[standingAt(license, now)];

const STATUS_OF = {
  good: "ACTIVE",
  expired: "EXPIRED",
  suspended: "SUSPENDED",
  revoked: "REVOKED",
} as const satisfies { readonly [S in Standing]: string };

/** `licenseKey` as it was sent. */
export async function licenseItem(deps: Deps, license: License, licenseKey: string) {
  const [{ used, limit }, name] = await Promise.all([
    usageOf(deps, license),
    deps.productNameOf(license.productId),
  ]);
  const unlimited = limit === UNLIMITED;
  return {
    id: license.id,
    license_key: canonicalLicenseKey(licenseKey),
    status: licenseStatus(license, deps.now()),
    product: { id: license.productHandle, name },
    max_activations: unlimited ? null : limit,
    activations_count: used,
    activations_remaining: unlimited ? null : Math.max(0, limit - used),
    expires_at: isoOrNull(license.expiresAt),
    created_at: iso(license.createdAt),
  };
}

export const activationItem = (activation: Activation) => {
  const { domain, fingerprint } = activation;
  const ofDomain = domain !== null && fingerprint === domainFingerprint(domain);
  return {
    id: activation.id,
    device_fingerprint: ofDomain ? null : fingerprint,
    device_name: activation.hostname || null,
    domain,
    ip_address: activation.address,
    activated_at: iso(activation.firstSeen),
    last_seen_at: iso(activation.lastSeen),
  };
};
