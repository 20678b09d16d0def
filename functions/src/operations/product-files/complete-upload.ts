import { accept, type Decision, refuse } from "../../core/decision.ts";
import { bytesName, type ProductFile } from "../../core/product-files.ts";
import { type FileUpload, mayComplete } from "../../core/uploads.ts";
import { fileUploads, productFiles } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { watched } from "./keep-file.ts";
import { fits, writeFile } from "./record-file.ts";

/** Makes a file of an upload whose bytes have come. Repeated, it answers with that file. */
export async function completeUpload(
  deps: Deps,
  principal: Principal,
  ask: { readonly productId: string; readonly uploadId: string },
): Promise<Decision<{ file: ProductFile }>> {
  const reached = await reachProduct(deps.store, principal, ask);
  if (!reached.ok) return reached;
  const { id: productId } = reached.product;
  const now = deps.now();
  const audit = auditor(deps, principal);
  const isOpen = (upload: FileUpload | undefined): upload is FileUpload =>
    upload?.productId === productId && mayComplete(upload, now);
  const announced = await deps.store.get(fileUploads, ask.uploadId);
  const read = isOpen(announced) ? await readBytes(deps, announced) : undefined;
  if (read && !read.ok) return read;
  return deps.once(async (tx): Promise<Decision<{ file: ProductFile }>> => {
    const [upload, file] = [
      await tx.get(fileUploads, ask.uploadId),
      await tx.get(productFiles, ask.uploadId),
    ];
    if (file?.productId === productId) return accept({ file });
    if (!isOpen(upload) || !read) return refuse("UPLOAD_NOT_FOUND");
    const { takenAt, linkEndsAt, sweepAt, ...fields } = upload;
    const fit = await fits(tx, principal, upload);
    if (!fit.ok) return fit;
    const made: ProductFile = { ...fields, ...read.found, downloads: 0, createdAt: now };
    tx.delete(fileUploads, upload.id);
    writeFile(tx, made, audit);
    return accept({ file: made });
  });
}

type Found = Pick<ProductFile, "size" | "sha256" | "mimeType">;

/** What has come, read through: whoever puts bytes into a bucket may say anything of them. */
async function readBytes({ blobs }: Deps, upload: FileUpload): Promise<Decision<{ found: Found }>> {
  const name = bytesName(upload);
  const size = await blobs.sizeOf(name);
  if (size === undefined) return refuse("UPLOAD_NOT_RECEIVED");
  if (size !== upload.size) return refuse("UPLOAD_SIZE_WRONG", { limit: upload.size });
  const read = watched(
    size === 0 ? nothing() : blobs.get(name, { first: 0, last: size - 1 }),
    size,
  );
  for await (const _ of read.bytes);
  return accept({ found: read.found(upload.filename) });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
