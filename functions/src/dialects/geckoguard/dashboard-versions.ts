import * as z from "zod";
import { MAX_CHANGELOG_LENGTH, MAX_VERSION_LENGTH } from "../../core/app-versions.ts";
import { createAppVersion } from "../../operations/app-versions/create-version.ts";
import { deleteAppVersion } from "../../operations/app-versions/delete-version.ts";
import type { Versioned } from "../../operations/app-versions/find-version.ts";
import { listAppVersions } from "../../operations/app-versions/list-versions.ts";
import { updateAppVersion } from "../../operations/app-versions/update-version.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { iso, text } from "./fields.ts";
import { pagination, paging } from "./paging.ts";
import { productPath as whose } from "./whose.ts";

const PATH = "/v1/dashboard/app-versions/products/:productId";
const MOST_FILES = 1_000;

const flag = z.boolean("must be true or false");
// Names of this form are the database's own.
const fileName = text(255)
  .min(1, "must not be empty")
  .regex(/^(?!__.*__$)/s, "must not begin and end with two underscores");
const fields = {
  changelog: text(MAX_CHANGELOG_LENGTH),
  downloadUrl: text(2_048)
    .pipe(z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }))
    .nullable(),
  fileHashes: z
    .record(fileName, text(255).min(1, "must not be empty"), "must be an object of texts")
    .refine(
      (all) => Object.keys(all).length <= MOST_FILES,
      `must name at most ${MOST_FILES} files`,
    ),
};

export const listVersions = dashboardRoute({
  method: "GET",
  path: PATH,
  ability: "version.read",
  whose,
  query: z.object(paging()),
  async handle(deps, { principal }, { ids, query }) {
    const listed = await listAppVersions(deps, principal, { ...ids, ...query });
    if (!listed.ok) return listed;
    const { versions, total } = listed;
    return { versions: versions.map(versionItem), ...pagination({ ...query, total }) };
  },
});

export const createVersion = dashboardRoute({
  method: "POST",
  path: PATH,
  ability: "version.change",
  whose,
  status: 201,
  body: z.object({
    version: text(MAX_VERSION_LENGTH).trim().min(1, "is required"),
    changelog: fields.changelog.nullish().transform((given) => given ?? ""),
    downloadUrl: fields.downloadUrl.default(null),
    fileHashes: fields.fileHashes.nullish().transform((given) => given ?? {}),
    forceUpdate: flag.default(false),
    current: flag.default(false),
  }),
  async handle(deps, { principal }, { ids, body }) {
    const made = await createAppVersion(deps, principal, { ...ids, ...body });
    return made.ok ? { version: versionItem(made) } : made;
  },
});

export const updateVersion = dashboardRoute({
  method: "PATCH",
  path: `${PATH}/:versionId`,
  ability: "version.change",
  whose,
  body: z.object({
    changelog: fields.changelog.optional(),
    downloadUrl: fields.downloadUrl.optional(),
    fileHashes: fields.fileHashes.optional(),
    forceUpdate: flag.optional(),
    current: flag.optional(),
  }),
  async handle(deps, { principal }, { ids, body }) {
    const updated = await updateAppVersion(deps, principal, { ...ids, ...body });
    return updated.ok ? { version: versionItem(updated) } : updated;
  },
});

export const deleteVersion = dashboardRoute({
  method: "DELETE",
  path: `${PATH}/:versionId`,
  ability: "version.change",
  whose,
  async handle(deps, { principal }, { ids }) {
    const deleted = await deleteAppVersion(deps, principal, ids);
    return deleted.ok ? { deleted: true } : deleted;
  },
});

const versionItem = ({ version: one, current }: Versioned) => ({
  id: one.id,
  productId: one.productId,
  version: one.version,
  changelog: one.changelog,
  fileHashes: one.fileHashes,
  downloadUrl: one.downloadUrl,
  forceUpdate: one.forceUpdate,
  current,
  createdAt: iso(one.createdAt),
  updatedAt: iso(one.updatedAt),
});
