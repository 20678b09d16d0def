import { limitsOf, NO_LIMITS_SET } from "../../core/enforcement.ts";
import type { EnforcementLimits } from "../../core/records.ts";
import { products } from "../../store/collections.ts";
import type { DocumentStore } from "../../store/document-store.ts";
import { remembered } from "../remembered.ts";

export type EnforcementLimitsOf = (productId: string) => Promise<EnforcementLimits>;

/** The limits of products, as this instance remembers them. */
export const createEnforcementLimits = (deps: {
  store: DocumentStore;
  now: () => number;
}): EnforcementLimitsOf =>
  remembered(deps.now, async (productId) => {
    const product = await deps.store.get(products, productId);
    return limitsOf(product?.enforcement ?? NO_LIMITS_SET);
  });
