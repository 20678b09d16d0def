import * as z from "zod";
import { BLACKLIST_TYPES, type BlacklistEntry } from "../../core/blacklists.ts";
import { addBlacklistEntry } from "../../operations/blacklists/add-entry.ts";
import { deleteBlacklistEntry } from "../../operations/blacklists/delete-entry.ts";
import { listBlacklistEntries } from "../../operations/blacklists/list-entries.ts";
import { Created, keyRoute } from "./define-route.ts";
import { iso, text } from "./fields.ts";
import { pagination, paging } from "./paging.ts";

const type = z.enum(BLACKLIST_TYPES, `must be ${BLACKLIST_TYPES.join(" or ")}`);

export const listBlacklist = keyRoute({
  method: "GET",
  path: "/v1/products/:productId/blacklists",
  scope: "blacklist:read",
  query: z.object({ type: type.optional(), search: text(100).optional(), ...paging() }),
  async handle(deps, { principal }, { ids, query }) {
    const listed = await listBlacklistEntries(deps, principal, { ...ids, ...query });
    if (!listed.ok) return listed;
    const { entries, total } = listed;
    return { entries: entries.map(entryItem), ...pagination({ ...query, total }) };
  },
});

export const addToBlacklist = keyRoute({
  method: "POST",
  path: "/v1/products/:productId/blacklists",
  scope: "blacklist:write",
  body: z.object({ type, value: text(256).min(1, "is required"), reason: text(500).nullish() }),
  async handle(deps, { principal }, { ids, body }) {
    const added = await addBlacklistEntry(deps, principal, { ...ids, ...body });
    if (!added.ok) return added;
    const data = { entry: entryItem(added.entry) };
    return added.isNew ? new Created(data) : data;
  },
});

export const deleteFromBlacklist = keyRoute({
  method: "DELETE",
  path: "/v1/products/:productId/blacklists/:entryId",
  scope: "blacklist:write",
  async handle(deps, { principal }, { ids }) {
    const deleted = await deleteBlacklistEntry(deps, principal, ids);
    return deleted.ok ? { deleted: true } : deleted;
  },
});

const entryItem = ({
  id,
  productId,
  type,
  value,
  valueHash,
  reason,
  createdAt,
}: BlacklistEntry) => ({
  id,
  productId,
  type,
  value,
  valueHash,
  reason,
  createdAt: iso(createdAt),
});
