import * as z from "zod";
import type { Product } from "../../core/records.ts";
import { createProduct as create } from "../../operations/products/create-product.ts";
import { bootstrapRoute } from "./define-route.ts";
import { iso, name, orgId, text } from "./fields.ts";
import { policyIn, productPolicyItem } from "./policy.ts";

export const createFirstProduct = bootstrapRoute({
  path: "/v1/products",
  body: z.object({
    name,
    description: text(2_000).nullish(),
    defaultLicensePolicy: z.unknown().optional(),
    orgId: orgId.optional(),
  }),
  async handle(deps, principal, { name, description, defaultLicensePolicy, orgId }) {
    const read = policyIn(defaultLicensePolicy, "defaultLicensePolicy");
    if (!read.ok) return read;
    const made = await create(deps, principal, {
      name,
      description: description ?? undefined,
      defaultPolicy: read.policy,
      creatorId: orgId,
    });
    return made.ok ? { product: productItem(made.product) } : made;
  },
});

const productItem = (product: Product) => ({
  id: product.id,
  orgId: product.accountId,
  name: product.name,
  description: product.description || null,
  defaultLicensePolicy: productPolicyItem(product.defaultPolicy),
  createdAt: iso(product.createdAt),
  updatedAt: iso(product.updatedAt),
});
