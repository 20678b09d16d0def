import type { License } from "../../core/records.ts";
import { type Site, type SiteAction, untoldChange } from "../../core/sites.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { licenses, sites } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { licenseById } from "../licenses/find-license.ts";

/** Where the site says its license is filed; `undefined` without one, or once its key was rotated. */
export async function filedLicense(reader: Reader, site: Site): Promise<License | undefined> {
  if (site.licenseKeyHash === null) return undefined;
  const license = await reader.get(licenses, site.licenseKeyHash);
  return license?.id === site.licenseId ? license : undefined;
}

/** The site's license, wherever it is filed by now; the site is told where. */
export async function licenseOfSite(
  { store }: Pick<Deps, "store">,
  site: Site,
): Promise<License | undefined> {
  const filed = await filedLicense(store, site);
  if (filed || site.licenseId === null) return filed;
  const license = await licenseById({ store }, site.licenseId);
  if (!license) return undefined;
  await store.transaction(async (tx) => {
    const current = await tx.get(sites, site.id);
    if (current?.licenseId !== license.id) return;
    tx.update(sites, site.id, { licenseKeyHash: license.keyHash });
  });
  return license;
}

/** The licenses of many sites, each license once. */
export async function licensesOfSites(
  deps: Pick<Deps, "store">,
  many: readonly Site[],
): Promise<ReadonlyMap<string, License>> {
  const hashes = new Set(many.map((site) => site.licenseKeyHash).filter((hash) => hash !== null));
  const filed = await deps.store.getMany(licenses, [...hashes]);
  const found = new Map(filed.flatMap((license) => (license ? [[license.id, license]] : [])));
  const missing = new Set(many.flatMap(({ licenseId }) => licenseId ?? []));
  for (const id of missing) {
    const moved = found.has(id) ? undefined : await licenseById(deps, id);
    if (moved) found.set(id, moved);
  }
  return found;
}

/** The action that a change of the license's standing makes of itself: nobody has to queue it. */
export function refreshOf(
  site: Site,
  license: License | undefined,
  now: number,
): SiteAction | undefined {
  const changedAt = untoldChange(site, license, now);
  return changedAt === undefined
    ? undefined
    : {
        id: derivedUuid("refresh", site.id, String(changedAt)),
        type: "REFRESH_LICENSE",
        payload: "{}",
        createdAt: changedAt,
        acknowledgedAt: null,
      };
}
