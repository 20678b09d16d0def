import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { ProductFile } from "../../core/product-files.ts";
import { appVersions, plans, productFiles } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import { type Audit, auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";
import { dropFile, type KeptFile } from "./keep-file.ts";

/** What people say of a file. */
export type AboutFile = Pick<ProductFile, "name" | "versionId" | "planId" | "public">;

/**
 * Makes a file of bytes that are kept: there is never a file without them. They are dropped where the
 * record is refused, or repeats an earlier one; where nobody knows whether it was written they stay.
 */
export async function recordFile(
  deps: Deps,
  principal: Principal,
  { kept, about }: { readonly kept: KeptFile; readonly about: AboutFile },
): Promise<Decision<{ file: ProductFile }>> {
  const audit = auditor(deps, principal);
  const file: ProductFile = { ...kept, ...about, downloads: 0, createdAt: deps.now() };
  const added = await deps.once(async (tx): Promise<Decision<{ file: ProductFile }>> => {
    const fit = await fits(tx, principal, file);
    if (!fit.ok) return fit;
    writeFile(tx, file, audit);
    return accept({ file });
  });
  if (!added.ok || added.file.id !== file.id) await dropFile(deps, kept);
  return added;
}

/** Whether there are the product, the version and the plan that a file is to be of. */
export async function fits(
  tx: Transaction,
  principal: Principal,
  { productId, versionId, planId }: Pick<ProductFile, "productId" | "versionId" | "planId">,
): Promise<Decision<{ accountId: string }>> {
  const found = await reachProduct(tx, principal, { productId });
  if (!found.ok) return found;
  const version = versionId === null ? null : await tx.get(appVersions, versionId);
  if (version !== null && version?.productId !== found.product.id) {
    return refuse("APP_VERSION_NOT_FOUND", { field: "versionId" });
  }
  const plan = planId === null ? null : await tx.get(plans, planId);
  if (plan !== null && plan?.productId !== found.product.id) {
    return refuse("PLAN_NOT_FOUND", { field: "planId" });
  }
  return accept({ accountId: found.product.accountId });
}

export function writeFile(tx: Transaction, file: ProductFile, audit: Audit): void {
  const { id, accountId } = file;
  tx.create(productFiles, file);
  audit(tx, {
    ...{ accountId, action: "product_file.create", targetId: id, before: null, after: file },
  });
}
