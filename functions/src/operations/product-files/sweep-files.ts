import { bytesName } from "../../core/product-files.ts";
import { STALE_MS } from "../../core/uploads.ts";
import type { Kept } from "../../store/blobs.ts";
import { fileSweeps, fileUploads, productFiles } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

const PAGE = 100;
const SWEEP = "bytes";

/**
 * Forgets uploads that nobody completed, and deletes bytes that belong to no file. It looks at most at
 * `most` of each; the next run goes on there. What was written in the last day is left alone: an upload
 * may be on its way, or about to be recorded.
 */
export async function sweepFiles(
  deps: Deps,
  { most }: { readonly most: number },
): Promise<{ uploads: number; bytes: number }> {
  const uploads = await forgetUploads(deps, most);
  return { uploads, bytes: await deleteStrays(deps, most) };
}

async function forgetUploads({ store, blobs, now }: Deps, most: number): Promise<number> {
  const at = now();
  const { items } = await store.query(fileUploads, "due", { range: { lte: at }, limit: most });
  for (const upload of items) {
    await blobs.delete(bytesName(upload));
    await store.commit([{ kind: "delete", collection: fileUploads, id: upload.id }]);
  }
  return items.length;
}

async function deleteStrays(deps: Deps, most: number): Promise<number> {
  const { store, blobs } = deps;
  const now = deps.now();
  const begun = await store.get(fileSweeps, SWEEP);
  let after = begun?.after ?? undefined;
  let deleted = 0;
  for (let looked = 0; looked < most; looked += PAGE) {
    const page = await blobs.list({ after, limit: Math.min(PAGE, most - looked) });
    const old = page.items.filter(({ writtenAt }) => now - writtenAt >= STALE_MS);
    for (const { name } of await strays(deps, old)) {
      await blobs.delete(name);
      deleted += 1;
    }
    after = page.next;
    if (after === undefined) break;
  }
  if (after !== (begun?.after ?? undefined)) {
    const record = { id: SWEEP, after: after ?? null };
    await store.commit([{ kind: "set", collection: fileSweeps, record }]);
  }
  return deleted;
}

/** Those that are drafts, or of no file and no upload. */
async function strays({ store }: Deps, kept: readonly Kept[]): Promise<Kept[]> {
  const ids = kept.map(({ name }) => name.split("/").at(-1) ?? "");
  const [files, uploads] = [
    await store.getMany(productFiles, ids),
    await store.getMany(fileUploads, ids),
  ];
  return kept.filter(({ name, isDraft }, index) => {
    const owner = files[index] ?? uploads[index];
    return isDraft || !owner || bytesName(owner) !== name;
  });
}
