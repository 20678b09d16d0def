import type { License } from "./records.ts";
import { standingChangeOf } from "./standing.ts";

/** Something a vendor wants a site to do. */
export type SiteAction = {
  id: string;
  type: string;
  /** JSON text, as a store may have no lists in lists. */
  payload: string;
  createdAt: number;
  acknowledgedAt: number | null;
};

/** A WordPress site that reports to us. */
export type Site = {
  /** Derived from the account and the identity. */
  id: string;
  accountId: string;
  /** Its license's; null without one. */
  productId: string | null;
  productHandle: string | null;
  identity: string;
  /** As it was sent. */
  siteUrl: string;
  siteName: string | null;
  adminEmail: string | null;
  wpVersion: string | null;
  phpVersion: string | null;
  pluginVersion: string | null;
  licenseId: string | null;
  /** Where the license is filed; stale once its key was rotated. */
  licenseKeyHash: string | null;
  /** Null while no token is good. */
  tokenHash: string | null;
  status: "active" | "revoked";
  /** JSON text. */
  healthData: string | null;
  healthAt: number | null;
  registeredAt: number;
  lastHeartbeatAt: number | null;
  /** Oldest first: those that wait, and the last that do not any more. */
  actions: SiteAction[];
  /** The change of its license's standing that it was told of. */
  statusSeenAt: number;
  updatedAt: number;
};

export const MOST_HEALTH_BYTES = 65_536;

/** Host and path, which are one site under either scheme; `undefined` where there is no such site. */
export function siteIdentity(siteUrl: string): string | undefined {
  if (!/^https?:\/\/[^/]/i.test(siteUrl) || !URL.canParse(siteUrl)) return undefined;
  const { host, pathname, username, password } = new URL(siteUrl);
  // A password has no place in a record.
  if (username !== "" || password !== "") return undefined;
  return host + pathname.replace(/\/+$/, "");
}

/** What is left out stays as it was. */
export type Registration = Pick<Site, "siteUrl" | "tokenHash"> & {
  readonly [K in "siteName" | "adminEmail" | "wpVersion" | "phpVersion" | "pluginVersion"]?:
    | string
    | undefined;
};

/** The site as it registers, anew or again; one without a key keeps the license that it has. */
export function registered(
  known: Site | undefined,
  who: Pick<Site, "id" | "accountId" | "identity">,
  ask: Registration,
  license: License | undefined,
  now: number,
): Site {
  const { siteName, adminEmail, wpVersion, phpVersion, pluginVersion } = ask;
  return {
    ...who,
    siteUrl: ask.siteUrl,
    tokenHash: ask.tokenHash,
    siteName: siteName ?? known?.siteName ?? null,
    adminEmail: adminEmail ?? known?.adminEmail ?? null,
    wpVersion: wpVersion ?? known?.wpVersion ?? null,
    phpVersion: phpVersion ?? known?.phpVersion ?? null,
    pluginVersion: pluginVersion ?? known?.pluginVersion ?? null,
    productId: license?.productId ?? known?.productId ?? null,
    productHandle: license?.productHandle ?? known?.productHandle ?? null,
    licenseId: license?.id ?? known?.licenseId ?? null,
    licenseKeyHash: license?.keyHash ?? known?.licenseKeyHash ?? null,
    status: "active",
    healthData: known?.healthData ?? null,
    healthAt: known?.healthAt ?? null,
    registeredAt: known?.registeredAt ?? now,
    lastHeartbeatAt: known?.lastHeartbeatAt ?? null,
    actions: known?.actions ?? [],
    statusSeenAt: license ? (standingChangeOf(license, now) ?? 0) : (known?.statusSeenAt ?? 0),
    updatedAt: now,
  };
}

/** When the license's standing changed without the site being told; `undefined` when it was told of all. */
export function untoldChange(
  site: Site,
  license: License | undefined,
  now: number,
): number | undefined {
  const changedAt = license ? standingChangeOf(license, now) : null;
  return changedAt !== null && changedAt > site.statusSeenAt ? changedAt : undefined;
}

/** Revoking a site ends its token for good: reinstated, it registers again. */
export const withSiteStatus = (site: Site, status: Site["status"], now: number): Site =>
  site.status === status ? site : { ...site, status, tokenHash: null, updatedAt: now };
