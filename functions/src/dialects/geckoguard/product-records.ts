import type { Product } from "../../core/records.ts";
import { orgIdOf } from "../../operations/members/reach.ts";
import { iso } from "./fields.ts";
import { productPolicyItem } from "./policy.ts";

/** A product as clients see it (reference, section 13.2). */
export const productItem = (product: Product) => ({
  id: product.id,
  orgId: orgIdOf(product.accountId),
  name: product.name,
  description: product.description || null,
  defaultLicensePolicy: productPolicyItem(product.defaultPolicy),
  createdAt: iso(product.createdAt),
  updatedAt: iso(product.updatedAt),
});
