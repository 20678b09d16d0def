import { accept, type Decision, refuse } from "../../core/decision.ts";
import { standingAt } from "../../core/licenses.ts";
import type { ProductFile } from "../../core/product-files.ts";
import type { License } from "../../core/records.ts";
import { sameSecret } from "../../crypto/vault.ts";
import { endUsers, productFiles } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { licenseById } from "../licenses/find-license.ts";

const LINK_LIFE_MS = 300_000;
/** Of each product; the newest. */
const MOST_FILES = 200;

/** What a link proves: that this end user may have the file until then. */
export type DownloadLink = {
  readonly fileId: string;
  readonly endUserId: string;
  /** Unix seconds. */
  readonly expires: number;
};

type Offered = { readonly file: ProductFile; readonly link: DownloadLink & Signed };
type Signed = { readonly signature: string };

/**
 * The files of the products that the license is for, with links; none while the license does not stand.
 * Files of a plan are for a license that was sold as that plan.
 */
export async function listDownloads(
  deps: Pick<Deps, "store" | "vault" | "now">,
  { endUserId, licenseId }: { readonly endUserId: string; readonly licenseId: string },
): Promise<Decision<{ files: readonly Offered[] }>> {
  const license = await licenseById(deps, licenseId);
  if (license?.endUserId !== endUserId) return refuse("LICENSE_NOT_FOUND");
  const now = deps.now();
  if (standingAt(license, now) !== "good") return accept({ files: [] });
  const productIds = [license.productId, ...license.unlockedProducts.map(({ id }) => id)];
  const found = await Promise.all(
    productIds.map((productId) =>
      deps.store.query(productFiles, "byProduct", { equal: { productId }, limit: MOST_FILES }),
    ),
  );
  const expires = Math.floor((now + LINK_LIFE_MS) / 1000);
  const files = found
    .flatMap(({ items }) => items)
    .filter((file) => file.planId === null || isOfPlan(license, file))
    .map((file) => {
      const link = { fileId: file.id, endUserId, expires };
      return { file, link: { ...link, signature: signatureOf(deps, link) } };
    });
  return accept({ files });
}

/** The file that a link is for. A ban ends links, too. */
export async function followLink(
  deps: Pick<Deps, "store" | "vault" | "now">,
  { signature, ...link }: DownloadLink & Signed,
): Promise<Decision<{ file: ProductFile }>> {
  if (!sameSecret(signature, signatureOf(deps, link))) return refuse("DOWNLOAD_LINK_INVALID");
  if (deps.now() >= link.expires * 1000) return refuse("DOWNLOAD_LINK_EXPIRED");
  const [file, endUser] = await Promise.all([
    deps.store.get(productFiles, link.fileId),
    deps.store.get(endUsers, link.endUserId),
  ]);
  if (!endUser) return refuse("DOWNLOAD_LINK_INVALID");
  if (endUser.bannedAt !== null) return refuse("USER_BANNED");
  return file ? accept({ file }) : refuse("PRODUCT_FILE_NOT_FOUND");
}

const isOfPlan = (license: License, { productId, planId }: ProductFile): boolean =>
  productId === license.productId && planId === license.planId;

const signatureOf = ({ vault }: Pick<Deps, "vault">, link: DownloadLink): string =>
  vault.hash("download-link", [link.fileId, link.endUserId, link.expires].join("\n"));
