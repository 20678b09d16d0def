import type { AppRelease, AppVersion } from "../../core/app-versions.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import { derivedUuid } from "../../crypto/vault.ts";
import { appReleases, appVersions } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

export type VersionReference = { readonly productId: string; readonly versionId: string };

export type Versioned = {
  readonly version: AppVersion;
  /** Whether it is the one that clients are to have. */
  readonly current: boolean;
};

export const appVersionId = (productId: string, version: string): string =>
  derivedUuid("app-version", productId, version);

/** What the product says of its versions, before there are any too. */
export const releaseOf = async (
  reader: Reader,
  { id, accountId }: Pick<Product, "id" | "accountId">,
): Promise<AppRelease> =>
  (await reader.get(appReleases, id)) ?? {
    id,
    accountId,
    versions: 0,
    currentId: null,
    forced: [],
  };

/** The product's version of that id, if the principal may reach it. */
export async function findVersion(
  reader: Reader,
  principal: Principal,
  { productId, versionId }: VersionReference,
): Promise<Decision<{ version: AppVersion; release: AppRelease }>> {
  const found = await reachProduct(reader, principal, { productId });
  if (!found.ok) return found;
  const { product } = found;
  const version = await reader.get(appVersions, versionId);
  if (version?.productId !== product.id) return refuse("APP_VERSION_NOT_FOUND");
  return accept({ version, release: await releaseOf(reader, product) });
}
