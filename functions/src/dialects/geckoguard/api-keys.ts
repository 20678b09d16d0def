import * as z from "zod";
import {
  type ApiKey,
  GECKOGUARD_ALIASES,
  GECKOGUARD_SCOPES,
  geckoguardScopes,
} from "../../core/api-keys.ts";
import { createGeckoguardKey } from "../../operations/api-keys/create-geckoguard-key.ts";
import { listProductKeys } from "../../operations/api-keys/list-product-keys.ts";
import { bootstrapRoute, keyRoute } from "./define-route.ts";
import { dateTime, iso, isoOrNull, name, uuid } from "./fields.ts";
import { pagination, paging } from "./paging.ts";

const NAMES = [
  ...GECKOGUARD_SCOPES,
  ...(Object.keys(GECKOGUARD_ALIASES) as (keyof typeof GECKOGUARD_ALIASES)[]),
];

export const permissions = z
  .array(z.enum(NAMES, "is no permission"), "must be a list of permissions")
  .max(100, "must have at most 100 items")
  .transform(geckoguardScopes);

export const createFirstKey = bootstrapRoute({
  path: "/v1/api-keys",
  body: z.object({
    productId: uuid,
    name,
    permissions: permissions.nullish(),
    expiresAt: dateTime.nullish(),
  }),
  async handle(deps, principal, { permissions: scopes, ...ask }) {
    const made = await createGeckoguardKey(deps, principal, { ...ask, scopes });
    return made.ok ? { apiKey: keyItem(made.key), key: made.apiKey } : made;
  },
});

export const listKeys = keyRoute({
  method: "GET",
  path: "/v1/products/:productId/api-keys",
  scope: null,
  query: z.object(paging()),
  async handle(deps, { principal, productId }, { query }) {
    const { items, total } = await listProductKeys(deps, {
      ...query,
      accountId: principal.accountId,
      productId,
    });
    return { apiKeys: items.map(keyItem), ...pagination({ ...query, total }) };
  },
});

export const keyItem = (key: ApiKey) => ({
  id: key.id,
  productId: key.productId,
  name: key.name,
  prefix: key.prefix,
  permissions: key.scopes,
  lastUsedAt: isoOrNull(key.lastUsedAt),
  expiresAt: isoOrNull(key.expiresAt),
  revokedAt: isoOrNull(key.revokedAt),
  createdAt: iso(key.createdAt),
});
