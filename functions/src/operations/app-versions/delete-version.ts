import { releaseWithout } from "../../core/app-versions.ts";
import { accept, type Decision } from "../../core/decision.ts";
import { appReleases, appVersions } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { findVersion, type VersionReference } from "./find-version.ts";

/** Deletes a version. Where it is the current one there is none until another is made it. */
export async function deleteAppVersion(
  deps: Deps,
  principal: Principal,
  reference: VersionReference,
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await findVersion(tx, principal, reference);
    if (!found.ok) return found;
    const { version: before, release } = found;
    const { id, accountId } = before;
    tx.delete(appVersions, id);
    tx.set(appReleases, releaseWithout(release, before));
    audit(tx, { accountId, action: "app_version.delete", targetId: id, before, after: null });
    return accept({ deleted: true });
  });
}
