import { accept, type Decision, refuse } from "../../core/decision.ts";
import { type ByteRange, bytesName, type ProductFile } from "../../core/product-files.ts";
import { productFiles } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** A file that a key of its product may download, or anybody where it is public; `productId` null is no key. */
export async function findProductFile(
  { store }: Pick<Deps, "store">,
  { fileId, productId }: { readonly fileId: string; readonly productId: string | null },
): Promise<Decision<{ file: ProductFile }>> {
  const file = await store.get(productFiles, fileId);
  return file && (file.public || file.productId === productId)
    ? accept({ file })
    : refuse("PRODUCT_FILE_NOT_FOUND");
}

/**
 * Its bytes. Who begins at the first one downloads it: that is counted beside the answer, exactly, and
 * what is resumed or asked for in parts counts once.
 */
export function openProductFile(
  deps: Pick<Deps, "store" | "blobs" | "aside">,
  file: ProductFile,
  range: ByteRange,
): AsyncIterable<Uint8Array> {
  const { store, blobs } = deps;
  if (range.first === 0) {
    deps.aside(() =>
      store.transaction(async (tx) => {
        const now = await tx.get(productFiles, file.id);
        if (now) tx.update(productFiles, file.id, { downloads: now.downloads + 1 });
      }),
    );
  }
  return range.last < range.first ? nothing() : blobs.get(bytesName(file), range);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
