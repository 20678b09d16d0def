import { blacklistWithout } from "../../core/blacklists.ts";
import { accept, type Decision, refuse } from "../../core/decision.ts";
import { blacklistEntries, products } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { reachProduct } from "../products/find-product.ts";

/** Deletes an entry of the product. */
export async function deleteBlacklistEntry(
  deps: Deps,
  principal: Principal,
  { productId, entryId }: { readonly productId: string; readonly entryId: string },
): Promise<Decision<{ deleted: true }>> {
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ deleted: true }>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const { id, accountId, blacklist } = found.product;
    const entry = await tx.get(blacklistEntries, entryId);
    if (entry?.productId !== id) return refuse("BLACKLIST_ENTRY_NOT_FOUND");
    tx.delete(blacklistEntries, entryId);
    tx.update(products, id, { blacklist: blacklistWithout(blacklist, entry) });
    const action = "blacklist.delete";
    audit(tx, { accountId, action, targetId: entryId, before: entry, after: null });
    return accept({ deleted: true });
  });
}
