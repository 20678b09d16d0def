import * as z from "zod";
import type { Deps } from "../../operations/deps.ts";
import { accountIdNamed } from "../../operations/members/reach.ts";
import type { Principal } from "../../operations/principal.ts";
import { createProduct as create } from "../../operations/products/create-product.ts";
import { bootstrapRoute } from "./define-route.ts";
import { name, orgId, text } from "./fields.ts";
import { policyIn } from "./policy.ts";
import { productItem } from "./product-records.ts";

export const productFields = {
  name,
  description: text(2_000).nullish(),
  /** Read as a policy, which has an error code of its own. */
  defaultLicensePolicy: z.unknown().optional(),
};

type NewProduct = z.output<z.ZodObject<typeof productFields>>;

export const createFirstProduct = bootstrapRoute({
  path: "/v1/products",
  body: z.object({ ...productFields, orgId: orgId.optional() }),
  handle: (deps, principal, { orgId, ...body }) =>
    makeProduct(deps, principal, body, orgId && accountIdNamed(orgId)),
});

export async function makeProduct(
  deps: Deps,
  principal: Principal,
  { name, description, defaultLicensePolicy }: NewProduct,
  creatorId?: string,
) {
  const read = policyIn(defaultLicensePolicy, "defaultLicensePolicy");
  if (!read.ok) return read;
  const made = await create(deps, principal, {
    name,
    description: description ?? undefined,
    defaultPolicy: read.policy,
    creatorId,
  });
  return made.ok ? { product: productItem(made.product) } : made;
}
