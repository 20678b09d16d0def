import { domainFingerprint } from "../../core/domains.ts";
import { canonicalLicenseKey } from "../../core/license-keys.ts";
import { standing, UNLIMITED } from "../../core/licenses.ts";
import type { Activation, License } from "../../core/records.ts";
import { usageOf } from "../../operations/activations/usage.ts";
import type { Deps } from "../../operations/deps.ts";

export const iso = (epochMs: number): string => new Date(epochMs).toISOString();
export const isoOrNull = (epochMs: number | null): string | null =>
  epochMs === null ? null : iso(epochMs);

/** In its grace a license goes on: it is active until that is over too. */
export function licenseStatus(license: License, now: number) {
  const code = standing(license, now)?.code;
  if (code === "LICENSE_REVOKED") return "REVOKED";
  if (code === "LICENSE_SUSPENDED") return "SUSPENDED";
  return code === undefined ? "ACTIVE" : "EXPIRED";
}

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
