import { accept, type Decision, refuse } from "../../core/decision.ts";
import { bytesName, MAX_FILE_BYTES, type ProductFile } from "../../core/product-files.ts";
import { type FileUpload, uploadTimes } from "../../core/uploads.ts";
import type { UploadLink } from "../../store/blobs.ts";
import { fileUploads } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { type AboutFile, fits } from "./record-file.ts";

export type CreateUploadAsk = AboutFile & Pick<ProductFile, "productId" | "filename" | "size">;

export type CreatedUpload = {
  readonly upload: FileUpload;
  /** Where the bytes go; `undefined` is to us, with `signature`. */
  readonly link: UploadLink | undefined;
  readonly signature: string;
};

/** Announces a file whose bytes come by a link of their own, for platforms that take no large requests. */
export async function createUpload(
  deps: Deps,
  principal: Principal,
  ask: CreateUploadAsk,
): Promise<Decision<CreatedUpload>> {
  if (ask.size > MAX_FILE_BYTES) return refuse("PRODUCT_FILE_TOO_LARGE", { limit: MAX_FILE_BYTES });
  const id = deps.newId();
  const times = uploadTimes(deps.now());
  const audit = auditor(deps, principal);
  const made = await deps.once(async (tx): Promise<Decision<{ upload: FileUpload }>> => {
    const fit = await fits(tx, principal, ask);
    if (!fit.ok) return fit;
    const upload: FileUpload = { ...ask, ...times, id, accountId: fit.accountId };
    tx.create(fileUploads, upload);
    const action = "product_file.announce";
    audit(tx, { accountId: fit.accountId, action, targetId: id, before: null, after: upload });
    return accept({ upload });
  });
  if (!made.ok) return made;
  const { upload } = made;
  const terms = { size: upload.size, endsAt: upload.linkEndsAt };
  const link = await deps.blobs.uploadLink(bytesName(upload), terms);
  return accept({ upload, link, signature: linkSignature(deps, upload) });
}

/** What proves that a link is of our making, for as long as it says. */
export const linkSignature = (
  { vault }: Pick<Deps, "vault">,
  { id, linkEndsAt }: Pick<FileUpload, "id" | "linkEndsAt">,
): string => vault.hash("upload-link", JSON.stringify([id, linkEndsAt]));
