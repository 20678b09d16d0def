import * as z from "zod";
import { attachProduct } from "../../operations/products/attach-product.ts";
import { deleteProduct } from "../../operations/products/delete-product.ts";
import { reachProduct } from "../../operations/products/find-product.ts";
import { listOfferedProducts } from "../../operations/products/list-offered-products.ts";
import { updateProduct } from "../../operations/products/update-product.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { Created } from "./define-route.ts";
import { text, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";
import { policyIn } from "./policy.ts";
import { productItem } from "./product-records.ts";
import { makeProduct, productFields } from "./products.ts";
import { productPath } from "./whose.ts";

const PRODUCT = "/v1/dashboard/products/:productId";
const OF_ORG = "/v1/dashboard/orgs/:orgId/products";

const create = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/products",
  ability: "product.change",
  status: 201,
  body: z.object({ ...productFields, orgId: uuid }),
  whose: { find: async (_, { body }) => body.orgId, absent: "ORG_NOT_FOUND" },
  handle: (deps, { principal }, { body }) => makeProduct(deps, principal, body),
});

const get = dashboardRoute({
  method: "GET",
  path: PRODUCT,
  ability: "product.read",
  whose: productPath,
  async handle(deps, { principal }, { ids }) {
    const found = await reachProduct(deps.store, principal, ids);
    return found.ok ? { product: productItem(found.product) } : found;
  },
});

const patch = dashboardRoute({
  method: "PATCH",
  path: PRODUCT,
  ability: "product.change",
  whose: productPath,
  body: z
    .object({ ...productFields, name: productFields.name.optional() })
    .refine((given) => Object.values(given).some((value) => value !== undefined), {
      message: "must have a field to change",
    }),
  async handle(deps, { principal }, { ids, body: { name, description, defaultLicensePolicy } }) {
    const read = policyIn(defaultLicensePolicy, "defaultLicensePolicy");
    if (!read.ok) return read;
    const changed = await updateProduct(deps, principal, {
      ...ids,
      name,
      description: description === null ? "" : description,
      defaultPolicy: read.policy,
    });
    return changed.ok ? { product: productItem(changed.product) } : changed;
  },
});

const remove = dashboardRoute({
  method: "DELETE",
  path: PRODUCT,
  ability: "product.delete",
  whose: productPath,
  async handle(deps, { principal }, { ids }) {
    const decision = await deleteProduct(deps, principal, ids.productId);
    return decision.ok ? { deleted: true } : decision;
  },
});

const list = dashboardRoute({
  method: "GET",
  path: OF_ORG,
  ability: "product.read",
  query: z.object(paging()),
  async handle(deps, { principal }, { query }) {
    const { items, total } = await listOfferedProducts(deps, principal.accountId, query);
    return { products: items.map(productItem), ...pagination({ ...query, total }) };
  },
});

const add = dashboardRoute({
  method: "POST",
  path: OF_ORG,
  ability: "product.change",
  body: z
    .object({
      ...productFields,
      name: productFields.name.optional(),
      description: text(2_000).nullish(),
      productId: uuid.optional(),
    })
    .refine(({ name, productId }) => (name === undefined) !== (productId === undefined), {
      path: ["productId"],
      message: "must be there, or else name",
    }),
  async handle(deps, { principal }, { body: { productId, name = "", ...more } }) {
    if (productId === undefined) {
      const made = await makeProduct(deps, principal, { ...more, name });
      return "product" in made ? new Created(made) : made;
    }
    const attached = await attachProduct(deps, principal, productId);
    return attached.ok ? { product: productItem(attached.product) } : attached;
  },
});

const detach = dashboardRoute({
  method: "DELETE",
  path: `${OF_ORG}/:productId`,
  ability: "product.change",
  async handle(deps, { principal }, { ids: { productId } }) {
    const decision = await updateProduct(deps, principal, { productId, status: "archived" });
    return decision.ok ? { deleted: true } : decision;
  },
});

export const dashboardProducts = [create, get, patch, remove, list, add, detach];
