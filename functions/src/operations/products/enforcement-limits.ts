import { limitsOf, NO_LIMITS_SET } from "../../core/enforcement.ts";
import type { EnforcementLimits } from "../../core/records.ts";
import { products } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";

/** A change of a product's limits is felt after this at the latest. */
const FRESH_MS = 60_000;
const MAX_REMEMBERED = 10_000;

export type EnforcementLimitsOf = (productId: string) => Promise<EnforcementLimits>;

/** The limits of products, in the memory of one instance: client calls do not pay for reading them. */
export function createEnforcementLimits(deps: {
  store: DocumentStore;
  now: () => number;
}): EnforcementLimitsOf {
  const known = new Map<string, { readAt: number; limits: EnforcementLimits }>();
  return async (productId) => {
    const now = deps.now();
    const remembered = known.get(productId);
    if (remembered && Math.abs(now - remembered.readAt) < FRESH_MS) return remembered.limits;
    const product = await deps.store.get(products, productId);
    const limits = limitsOf(product?.enforcement ?? NO_LIMITS_SET);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(productId, { readAt: now, limits });
    return limits;
  };
}
