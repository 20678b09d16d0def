import { type AppVersion, MOST_VERSIONS, releaseWith } from "../../core/app-versions.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { appReleases, appVersions } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { appVersionId, releaseOf, type Versioned } from "./find-version.ts";

export type CreateVersionAsk = { readonly productId: string; readonly current: boolean } & Pick<
  AppVersion,
  "version" | "changelog" | "fileHashes" | "downloadUrl" | "forceUpdate"
>;

/** Publishes a version. Its id is derived from product and text, so a product has each once. */
export async function createAppVersion(
  deps: Deps,
  principal: Principal,
  { productId, current, ...fields }: CreateVersionAsk,
): Promise<Decision<Versioned>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Versioned>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const { id: ofProduct, accountId } = found.product;
    const id = appVersionId(ofProduct, fields.version);
    if (await tx.get(appVersions, id)) return refuse("APP_VERSION_TAKEN", { field: "version" });
    const release = await releaseOf(tx, found.product);
    if (release.versions >= MOST_VERSIONS) {
      return refuse("APP_VERSIONS_TOO_MANY", { limit: MOST_VERSIONS });
    }
    const whose = { id, accountId, productId: ofProduct };
    const version: AppVersion = { ...whose, ...fields, createdAt: now, updatedAt: now };
    const after = releaseWith(release, version, current || undefined);
    tx.create(appVersions, version);
    tx.set(appReleases, { ...after, versions: release.versions + 1 });
    const action = "app_version.create";
    audit(tx, { accountId, action, targetId: id, before: null, after: { ...version, current } });
    return accept({ version, current });
  });
}
