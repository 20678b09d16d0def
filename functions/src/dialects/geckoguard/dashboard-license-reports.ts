import * as z from "zod";
import { csvChunks, jsonChunks } from "../../http/exports.ts";
import { Streamed } from "../../http/streamed.ts";
import { type ExportedLicense, exportAccount } from "../../operations/licenses/export-account.ts";
import {
  licenseAnalytics,
  type StandingCounts,
} from "../../operations/licenses/license-analytics.ts";
import { listExpiring } from "../../operations/licenses/list-expiring.ts";
import { orgIdOf } from "../../operations/members/reach.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { iso } from "./fields.ts";
import { LICENSE_STATUSES, licenseItem, standingOf } from "./license-records.ts";
import { pagination, paging } from "./paging.ts";

const LICENSES = "/v1/dashboard/orgs/:orgId/licenses";
const USUAL_DAYS = 7;
const MAX_DAYS = 365;

const byStatus = (counts: StandingCounts) =>
  Object.fromEntries(LICENSE_STATUSES.map((status) => [status, counts[standingOf[status]]]));
const totalOf = (counts: StandingCounts) => Object.values(counts).reduce((sum, one) => sum + one);

const analytics = dashboardRoute({
  method: "GET",
  path: `${LICENSES}/analytics`,
  ability: "analytics.read",
  async handle(deps, { principal }) {
    const { all, byProduct } = await licenseAnalytics(deps, principal.accountId);
    return {
      total: totalOf(all),
      byStatus: byStatus(all),
      byProduct: byProduct.map(({ product, counts }) => ({
        productId: product.id,
        productName: product.name,
        total: totalOf(counts),
        ...byStatus(counts),
      })),
    };
  },
});

const wholeDays = `must be a whole number from 1 to ${MAX_DAYS}`;

const expiring = dashboardRoute({
  method: "GET",
  path: `${LICENSES}/expiring`,
  ability: "license.read",
  query: z.object({
    ...paging(),
    days: z
      .string(wholeDays)
      .regex(/^\d{1,3}$/, wholeDays)
      .transform(Number)
      .pipe(z.int().min(1, wholeDays).max(MAX_DAYS, wholeDays))
      .default(USUAL_DAYS),
  }),
  async handle(deps, { principal }, { query }) {
    const { items, total } = await listExpiring(deps, principal.accountId, query);
    const as = { now: deps.now(), seesOwners: true };
    const licenses = items.map((license) =>
      licenseItem(license, deps.vault.open("license-key", license.keySealed), as),
    );
    return { licenses, ...pagination({ ...query, total }) };
  },
});

const COLUMNS = [
  "id",
  "key",
  "productId",
  "productName",
  "status",
  "expirationMode",
  "expiresAt",
  "expiresAfterDays",
  "activatedAt",
  "effectiveExpiresAt",
  "endUserEmail",
  "note",
  "createdAt",
] as const;

const exported = dashboardRoute({
  method: "GET",
  path: `${LICENSES}/export`,
  ability: "license.export",
  query: z.object({ format: z.enum(["csv", "json"], 'must be "csv" or "json"').default("csv") }),
  async handle(deps, { principal: { accountId } }, { query: { format } }) {
    const now = deps.now();
    const pages = exportAccount(deps, accountId);
    const item = ({ license, licenseKey }: ExportedLicense) =>
      licenseItem(license, licenseKey, { now, seesOwners: true });
    const row = (one: ExportedLicense) => ({
      ...item(one),
      productName: one.productName,
      policyOverride: undefined,
      endUserEmail: one.license.endUserId === null ? null : one.license.email,
    });
    const filename = `licenses-${orgIdOf(accountId)}-${iso(now).slice(0, 10)}.${format}`;
    return format === "json"
      ? new Streamed({
          contentType: "application/json; charset=utf-8",
          filename,
          chunks: jsonChunks(pages, item),
        })
      : new Streamed({
          contentType: "text/csv; charset=utf-8; header=present",
          filename,
          chunks: csvChunks(COLUMNS, pages, row),
        });
  },
});

export const dashboardLicenseReports = [analytics, expiring, exported];
