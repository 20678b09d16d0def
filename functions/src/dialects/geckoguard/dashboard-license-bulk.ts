import * as z from "zod";
import { extended } from "../../core/extensions.ts";
import { frozen, revoked, unfrozen, unrevoked } from "../../core/license-changes.ts";
import type { License } from "../../core/records.ts";
import { changeMany } from "../../operations/licenses/change-many.ts";
import { deleteLicenses } from "../../operations/licenses/delete-licenses.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { dateTime, uuid } from "./fields.ts";
import { whole } from "./license-fields.ts";

const LICENSES = "/v1/dashboard/orgs/:orgId/licenses";
const MOST = 500;
const MAX_DAYS = 3_650;

const licenseIds = z
  .array(uuid, "must be a list of UUIDs")
  .min(1, "must hold at least one id")
  .max(MOST, `must hold at most ${MOST} ids`);

const verb = (
  name: "freeze" | "unfreeze" | "revoke" | "unrevoke",
  { action, to }: { action: string; to: (license: License, now: number) => License | string },
) =>
  dashboardRoute({
    method: "POST",
    path: `${LICENSES}/${name}`,
    ability: "license.change",
    body: z.object({ licenseIds }),
    async handle(deps, { principal }, { body }) {
      const { changed, skipped } = await changeMany(deps, principal, { ...body, action, to });
      return { updated: changed.length, skipped };
    },
  });

const freeze = verb("freeze", {
  action: "license.update",
  to(license, now) {
    const decision = frozen(license, now);
    return decision.ok ? decision.license : "CONFLICT";
  },
});
const unfreeze = verb("unfreeze", { action: "license.update", to: unfrozen });
const revoke = verb("revoke", {
  action: "license.revoke",
  to: (license, now) => revoked(license, "manual", now),
});
const unrevoke = verb("unrevoke", { action: "license.reinstate", to: unrevoked });

const extend = dashboardRoute({
  method: "POST",
  path: `${LICENSES}/extend`,
  ability: "license.change",
  body: z
    .object({ licenseIds, days: whole(MAX_DAYS).optional(), expiresAt: dateTime.optional() })
    .transform(({ licenseIds, days, expiresAt }, context) => {
      if (days !== undefined && expiresAt === undefined) return { licenseIds, by: { days } };
      if (days === undefined && expiresAt !== undefined) return { licenseIds, by: { expiresAt } };
      const message = "must be there, or else expiresAt";
      context.addIssue({ code: "custom", path: ["days"], message });
      return z.NEVER;
    }),
  async handle(deps, { principal }, { body: { licenseIds, by } }) {
    const { changed, skipped } = await changeMany(deps, principal, {
      licenseIds,
      action: "license.update",
      to: (license, now) => extended(license, by, now),
    });
    return { updated: changed.length, skipped };
  },
});

const remove = dashboardRoute({
  method: "DELETE",
  path: LICENSES,
  ability: "license.delete-many",
  body: z.object({ licenseIds }),
  async handle(deps, { principal }, { body }) {
    const { changed, skipped } = await deleteLicenses(deps, principal, body.licenseIds);
    return { deleted: changed.length, skipped };
  },
});

export const dashboardLicenseBulk = [freeze, unfreeze, revoke, unrevoke, extend, remove];
