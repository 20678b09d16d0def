import { type AppVersion, releaseWith } from "../../core/app-versions.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { appReleases, appVersions } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import { findVersion, type Versioned, type VersionReference } from "./find-version.ts";

export type UpdateVersionAsk = VersionReference & {
  readonly changelog?: string | undefined;
  readonly fileHashes?: AppVersion["fileHashes"] | undefined;
  readonly downloadUrl?: string | null | undefined;
  readonly forceUpdate?: boolean | undefined;
  /** Of a product one is: setting it takes it from the one before. */
  readonly current?: boolean | undefined;
};

/** Changes a version; what is left out stays. */
export async function updateAppVersion(
  deps: Deps,
  principal: Principal,
  { productId, versionId, current, ...asked }: UpdateVersionAsk,
): Promise<Decision<Versioned>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Versioned>> => {
    const found = await findVersion(tx, principal, { productId, versionId });
    if (!found.ok) return found;
    const { version: before, release } = found;
    const was = release.currentId === versionId;
    const fields = given(asked);
    if (!changes(before, fields) && (current ?? was) === was) {
      return accept({ version: before, current: was });
    }
    const version: AppVersion = { ...before, ...fields, updatedAt: now };
    const after = releaseWith(release, version, current);
    const is = after.currentId === versionId;
    tx.set(appVersions, version);
    if (changes(release, after)) tx.set(appReleases, after);
    audit(tx, {
      accountId: before.accountId,
      action: "app_version.update",
      targetId: versionId,
      before: { ...before, current: was },
      after: { ...version, current: is },
    });
    return accept({ version, current: is });
  });
}
