import { accept, type Decision, refuse } from "../../core/decision.ts";
import {
  bytesName,
  MAX_FILE_BYTES,
  mimeTypeOf,
  type ProductFile,
  SNIFFED_BYTES,
} from "../../core/product-files.ts";
import { runningSha256 } from "../../crypto/signatures.ts";
import { appVersions, productFiles } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

export type AddFileAsk = Pick<
  ProductFile,
  "productId" | "name" | "filename" | "versionId" | "planId" | "public"
> & {
  /** The file, as it comes in. */
  readonly bytes: AsyncIterable<Uint8Array>;
};

class TooLargeError extends Error {}

/**
 * Keeps the bytes, and then writes the record that makes them a file: what breaks off in between
 * leaves bytes that nobody finds, and never a file without them. Where nobody knows whether the record
 * was written the bytes stay.
 */
export async function addProductFile(
  deps: Deps,
  principal: Principal,
  { bytes, ...ask }: AddFileAsk,
): Promise<Decision<{ file: ProductFile }>> {
  const reached = await reachProduct(deps.store, principal, ask);
  if (!reached.ok) return reached;
  const { id: productId, accountId } = reached.product;
  const id = deps.newId();
  const audit = auditor(deps, principal);
  const name = bytesName({ id, productId });
  const read = reader(bytes);
  try {
    await deps.blobs.put(name, read.bytes);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    return refuse("PRODUCT_FILE_TOO_LARGE", { limit: MAX_FILE_BYTES });
  }
  const file: ProductFile = {
    ...ask,
    id,
    accountId,
    productId,
    ...read.found(ask.filename),
    downloads: 0,
    createdAt: deps.now(),
  };
  const added = await deps.once(async (tx): Promise<Decision<{ file: ProductFile }>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const version = file.versionId === null ? null : await tx.get(appVersions, file.versionId);
    if (version !== null && version?.productId !== productId) {
      return refuse("APP_VERSION_NOT_FOUND", { field: "versionId" });
    }
    tx.create(productFiles, file);
    const action = "product_file.create";
    audit(tx, { accountId, action, targetId: id, before: null, after: file });
    return accept({ file });
  });
  // Refused, or a repeat of what was added before under another id.
  if (!added.ok || added.file.id !== id) await deps.blobs.delete(name);
  return added;
}

/** The bytes as they pass, and afterwards what they were. */
function reader(source: AsyncIterable<Uint8Array>) {
  const hash = runningSha256();
  const head: number[] = [];
  let size = 0;
  async function* bytes() {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > MAX_FILE_BYTES) throw new TooLargeError();
      if (head.length < SNIFFED_BYTES) head.push(...chunk.subarray(0, SNIFFED_BYTES - head.length));
      hash.update(chunk);
      yield chunk;
    }
  }
  return {
    bytes: bytes(),
    found: (filename: string) => ({
      size,
      sha256: hash.hex(),
      mimeType: mimeTypeOf(filename, Uint8Array.from(head)),
    }),
  };
}
