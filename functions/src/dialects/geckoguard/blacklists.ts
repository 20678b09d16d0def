import * as z from "zod";
import {
  BLACKLIST_TYPES,
  type BlacklistEntry,
  MOST_ENTRIES_AT_ONCE,
} from "../../core/blacklists.ts";
import { addBlacklistEntries } from "../../operations/blacklists/add-entries.ts";
import { addBlacklistEntry } from "../../operations/blacklists/add-entry.ts";
import { deleteBlacklistEntry } from "../../operations/blacklists/delete-entry.ts";
import { listBlacklistEntries } from "../../operations/blacklists/list-entries.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Principal } from "../../operations/principal.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { Created, keyRoute } from "./define-route.ts";
import { iso, text } from "./fields.ts";
import { pagination, paging } from "./paging.ts";
import { productPath as whose } from "./whose.ts";

const DASHBOARD = "/v1/dashboard/blacklists/products/:productId";

const type = z.enum(BLACKLIST_TYPES, `must be ${BLACKLIST_TYPES.join(" or ")}`);
const query = z.object({ type: type.optional(), search: text(100).optional(), ...paging() });

const entryBody = z.object({
  type,
  value: text(256).min(1, "is required"),
  reason: text(500).nullish(),
});

type Caller = { readonly principal: Principal };
type OfProduct = { readonly productId: string };

export const listBlacklist = keyRoute({
  method: "GET",
  path: "/v1/products/:productId/blacklists",
  scope: "blacklist:read",
  query,
  handle: (deps, caller, { ids, query }) => list(deps, caller, { ...ids, ...query }),
});

export const listDashboardBlacklist = dashboardRoute({
  method: "GET",
  path: DASHBOARD,
  ability: "blacklist.read",
  whose,
  query,
  handle: (deps, caller, { ids, query }) => list(deps, caller, { ...ids, ...query }),
});

async function list(deps: Deps, { principal }: Caller, ask: OfProduct & z.output<typeof query>) {
  const listed = await listBlacklistEntries(deps, principal, ask);
  if (!listed.ok) return listed;
  const { entries, total } = listed;
  return { entries: entries.map(entryItem), ...pagination({ ...ask, total }) };
}

export const addToBlacklist = keyRoute({
  method: "POST",
  path: "/v1/products/:productId/blacklists",
  scope: "blacklist:write",
  body: entryBody,
  handle: (deps, caller, { ids, body }) => add(deps, caller, { ...ids, ...body }),
});

export const addToDashboardBlacklist = dashboardRoute({
  method: "POST",
  path: DASHBOARD,
  ability: "blacklist.change",
  whose,
  body: entryBody,
  handle: (deps, caller, { ids, body }) => add(deps, caller, { ...ids, ...body }),
});

async function add(deps: Deps, { principal }: Caller, ask: OfProduct & z.output<typeof entryBody>) {
  const added = await addBlacklistEntry(deps, principal, ask);
  if (!added.ok) return added;
  const data = { entry: entryItem(added.entry) };
  return added.isNew ? new Created(data) : data;
}

export const deleteFromBlacklist = keyRoute({
  method: "DELETE",
  path: "/v1/products/:productId/blacklists/:entryId",
  scope: "blacklist:write",
  handle: (deps, caller, { ids }) => remove(deps, caller, ids),
});

export const deleteFromDashboardBlacklist = dashboardRoute({
  method: "DELETE",
  path: `${DASHBOARD}/:entryId`,
  ability: "blacklist.change",
  whose,
  handle: (deps, caller, { ids }) => remove(deps, caller, ids),
});

async function remove(
  deps: Deps,
  { principal }: Caller,
  ids: OfProduct & { readonly entryId: string },
) {
  const deleted = await deleteBlacklistEntry(deps, principal, ids);
  return deleted.ok ? { deleted: true } : deleted;
}

/** Many at once; of those that are listed already the reason changes. */
export const addManyToBlacklist = dashboardRoute({
  method: "POST",
  path: `${DASHBOARD}/bulk`,
  ability: "blacklist.change",
  whose,
  body: z.object({
    entries: z
      .array(entryBody, "must be a list of entries")
      .min(1, "must have at least one entry")
      .max(MOST_ENTRIES_AT_ONCE, `must have at most ${MOST_ENTRIES_AT_ONCE} entries`),
  }),
  async handle(deps, { principal }, { ids, body }) {
    const done = await addBlacklistEntries(deps, principal, { ...ids, ...body });
    if (!done.ok) return done;
    return { added: done.added, updated: done.entries.length - done.added };
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
