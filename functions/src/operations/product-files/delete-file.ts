import { accept, type Decision, refuse } from "../../core/decision.ts";
import { bytesName } from "../../core/product-files.ts";
import { productFiles } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

/** Deletes a file of the product: first its record, so that nobody finds a file without bytes. */
export async function deleteProductFile(
  deps: Deps,
  principal: Principal,
  { productId, fileId }: { readonly productId: string; readonly fileId: string },
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  const deleted = await deps.once(async (tx): Promise<Decision<{ bytes: string }>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const file = await tx.get(productFiles, fileId);
    if (file?.productId !== found.product.id) return refuse("PRODUCT_FILE_NOT_FOUND");
    const { id, accountId } = file;
    tx.delete(productFiles, id);
    audit(tx, {
      accountId,
      action: "product_file.delete",
      targetId: id,
      before: file,
      after: null,
    });
    return accept({ bytes: bytesName(file) });
  });
  if (!deleted.ok) return deleted;
  await deps.blobs.delete(deleted.bytes);
  return accept({ deleted: true });
}
