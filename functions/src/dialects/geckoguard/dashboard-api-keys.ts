import * as z from "zod";
import { createGeckoguardKey } from "../../operations/api-keys/create-geckoguard-key.ts";
import { deleteApiKey } from "../../operations/api-keys/delete-api-key.ts";
import { accountOfGeckoguardKey } from "../../operations/api-keys/find-geckoguard-key.ts";
import { listProductKeys } from "../../operations/api-keys/list-product-keys.ts";
import { revokeApiKey } from "../../operations/api-keys/revoke-api-key.ts";
import { rotateApiKey } from "../../operations/api-keys/rotate-api-key.ts";
import { updateApiKey } from "../../operations/api-keys/update-api-key.ts";
import type { Deps } from "../../operations/deps.ts";
import { accountOfProduct } from "../../operations/products/find-product.ts";
import { keyItem, permissions } from "./api-keys.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { dateTime, name, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";

/** Whoever the key that the path names belongs to. */
const whose = {
  find: (deps: Deps, { ids }: { readonly ids: { readonly keyId: string } }) =>
    accountOfGeckoguardKey(deps, ids.keyId),
  absent: "API_KEY_NOT_FOUND",
} as const;

export const createKey = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/api-keys",
  ability: "api-key.change",
  whose: {
    find: (deps, { body }) => accountOfProduct(deps, body.productId),
    absent: "PRODUCT_NOT_FOUND",
  },
  body: z.object({
    productId: uuid,
    name,
    permissions: permissions.nullish(),
    expiresAt: dateTime.nullish(),
  }),
  status: 201,
  async handle(deps, { principal }, { body: { permissions: scopes, ...ask } }) {
    const made = await createGeckoguardKey(deps, principal, { ...ask, scopes });
    return made.ok ? { apiKey: keyItem(made.key), key: made.apiKey } : made;
  },
});

export const listDashboardKeys = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/api-keys",
  ability: "api-key.read",
  whose: {
    find: (deps, { query }) => accountOfProduct(deps, query.productId),
    absent: "PRODUCT_NOT_FOUND",
  },
  query: z.object({ productId: uuid, ...paging() }),
  async handle(deps, { principal: { accountId } }, { query }) {
    const { items, total } = await listProductKeys(deps, { ...query, accountId });
    return { apiKeys: items.map(keyItem), ...pagination({ ...query, total }) };
  },
});

export const updateKey = dashboardRoute({
  method: "PATCH",
  path: "/v1/dashboard/api-keys/:keyId",
  ability: "api-key.change",
  whose,
  body: z.object({ name: name.optional(), permissions: permissions.nullish() }),
  async handle(deps, { principal }, { ids, body: { name, permissions: scopes } }) {
    const decision = await updateApiKey(deps, principal, { ...ids, name, scopes });
    return decision.ok ? { apiKey: keyItem(decision.key) } : decision;
  },
});

export const deleteKey = dashboardRoute({
  method: "DELETE",
  path: "/v1/dashboard/api-keys/:keyId",
  ability: "api-key.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const decision = await deleteApiKey(deps, principal, ids.keyId);
    return decision.ok ? { deleted: decision.deleted } : decision;
  },
});

export const rotateKey = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/api-keys/:keyId/rotate",
  ability: "api-key.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const decision = await rotateApiKey(deps, principal, ids.keyId);
    return decision.ok ? { apiKey: keyItem(decision.key), key: decision.apiKey } : decision;
  },
});

export const revokeKey = dashboardRoute({
  method: "POST",
  path: "/v1/dashboard/api-keys/:keyId/revoke",
  ability: "api-key.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const decision = await revokeApiKey(deps, principal, ids.keyId);
    return decision.ok ? { apiKey: keyItem(decision.key) } : decision;
  },
});
