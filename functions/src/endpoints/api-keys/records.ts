import * as z from "zod";
import { type ApiKey, isActive, KEY_KINDS } from "../../core/api-keys.ts";
import { instantOrNone, iso, isoInstant, isoOrNull, pastInstant } from "../fields.ts";

export const keyId = z.uuid("must be a key's id").meta({
  description: "The key's identity; it outlives the secret.",
  example: "5f0c2c1e-0000-4000-8000-00000000000a",
});

/** An API key as lists show it. */
export const keyShape = z
  .object({
    keyId,
    name: z.string().meta({ example: "shop backend" }),
    prefix: z.string().meta({ description: "How the key begins.", example: "cgls_9fK2" }),
    creatorId: z.string().meta({ example: "studio-one" }),
    kind: z.enum(KEY_KINDS).meta({ example: "native" }),
    scopes: z
      .array(z.string())
      .nullable()
      .meta({ description: "Null is all of its kind.", example: ["licenses:read"] }),
    productIds: z
      .array(z.string())
      .nullable()
      .meta({ description: "Null is the whole account.", example: ["prod_abc123"] }),
    createdAt: pastInstant,
    expiresAt: isoInstant.nullable(),
    lastUsedAt: pastInstant.nullable().meta({ description: "Of this secret, to the hour." }),
    revokedAt: instantOrNone,
    active: z.boolean().meta({ description: "Neither revoked nor expired.", example: true }),
  })
  .meta({ id: "ApiKey" });

export const keyRecord = (key: ApiKey, now: number): z.input<typeof keyShape> => ({
  keyId: key.id,
  name: key.name,
  prefix: key.prefix,
  creatorId: key.accountId,
  kind: key.kind,
  scopes: key.scopes,
  productIds: key.products?.map(({ handle }) => handle) ?? null,
  createdAt: iso(key.createdAt),
  expiresAt: isoOrNull(key.expiresAt),
  lastUsedAt: isoOrNull(key.lastUsedAt),
  revokedAt: isoOrNull(key.revokedAt),
  active: isActive(key, now),
});
