import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Product } from "../../core/records.ts";
import { products, reservations } from "../../store/collections.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { changes, given } from "../given.ts";
import type { Principal } from "../principal.ts";
import type { EnforcementAsk } from "./create-product.ts";
import { reachProduct, slugReservationId } from "./find-product.ts";

export type UpdateProductAsk = {
  readonly productId: string;
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly description?: string | undefined;
  readonly status?: Product["status"] | undefined;
  readonly enforcement?: EnforcementAsk | undefined;
};

/** Changes a product. A new slug is taken and the old one freed in the same transaction. */
export async function updateProduct(
  deps: Deps,
  principal: Principal,
  { productId, enforcement: limits = {}, ...asked }: UpdateProductAsk,
): Promise<Decision<{ product: Product }>> {
  const fields = given(asked);
  const ownLimits = given(limits);
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<{ product: Product }>> => {
    const found = await reachProduct(tx, principal, { productId });
    if (!found.ok) return found;
    const before = found.product;
    if (!changes(before, fields) && !changes(before.enforcement, ownLimits)) {
      return accept({ product: before });
    }
    const enforcement = { ...before.enforcement, ...ownLimits };
    const product: Product = { ...before, ...fields, enforcement, updatedAt: now };
    const { id, accountId } = product;
    if (product.slug !== before.slug) {
      const taken = slugReservationId(accountId, product.slug);
      if (await tx.get(reservations, taken)) return refuse("SLUG_TAKEN", { field: "slug" });
      tx.delete(reservations, slugReservationId(accountId, before.slug));
      tx.create(reservations, {
        id: taken,
        kind: "product-slug",
        accountId,
        targetId: id,
        createdAt: now,
      });
    }
    tx.set(products, product);
    audit(tx, { accountId, action: "product.update", targetId: id, before, after: product });
    return accept({ product });
  });
}
