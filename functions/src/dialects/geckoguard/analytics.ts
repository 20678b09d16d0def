import * as z from "zod";
import {
  dayOf,
  INTERVALS,
  LONGEST_SERIES_MS,
  type Usage,
  type UsageSeries,
} from "../../core/usage.ts";
import { Problem } from "../../http/problem.ts";
import type { Deps } from "../../operations/deps.ts";
import {
  type AnalyticsRange,
  accountAnalytics,
  productAnalytics,
} from "../../operations/stats/analytics.ts";
import { dashboardRoute } from "./dashboard-route.ts";
import { keyRoute } from "./define-route.ts";
import { iso } from "./fields.ts";

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;

/** A date stands for its first instant (UTC). */
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], "must be an ISO 8601 date or date-time")
  .transform((text) => Date.parse(text));

const query = z.object({
  from: instant.optional(),
  to: instant.optional(),
  interval: z.enum(INTERVALS, `must be ${INTERVALS.join(" or ")}`).default("day"),
});

export const getProductAnalytics = keyRoute({
  method: "GET",
  path: "/v1/products/:productId/analytics",
  scope: "analytics:read",
  query,
  async handle(deps, { principal }, { ids, query }) {
    const range = rangeAsked(deps, query);
    const found = await productAnalytics(deps, principal, { ...ids, ...range });
    return found.ok ? seriesItem(found, range) : found;
  },
});

export const getOrgAnalytics = dashboardRoute({
  method: "GET",
  path: "/v1/dashboard/orgs/:orgId/analytics",
  ability: "analytics.read",
  query,
  async handle(deps, { principal }, { query }) {
    const range = rangeAsked(deps, query);
    return seriesItem(await accountAnalytics(deps, principal.accountId, range), range);
  },
});

/** Throws `INVALID_REQUEST` for a range that is none or too long. */
function rangeAsked(
  deps: Pick<Deps, "now">,
  { interval, from: asked, to = deps.now() }: z.output<typeof query>,
): AnalyticsRange {
  const from = asked ?? (dayOf(to) - USUAL_DAYS + 1) * DAY_MS;
  checkRange({ from, to, longest: LONGEST_SERIES_MS[interval], interval });
  return { from, to, interval };
}

function seriesItem({ totals, series }: UsageSeries, { from, to, interval }: AnalyticsRange) {
  const dateOf = (at: number) => (interval === "day" ? iso(at).slice(0, 10) : iso(at));
  return {
    range: { from: iso(from), to: iso(to), interval },
    totals: countItems(totals),
    series: series.map((one) => ({ date: dateOf(one.at), ...countItems(one) })),
    denialsByReason: totals.reasons,
  };
}

type Range = { from: number; to: number; longest: number; interval: string };

function checkRange({ from, to, longest, interval }: Range): void {
  const words = `must be at most ${longest / DAY_MS} days after from when the interval is ${interval}`;
  if (from > to) throw invalid("from", "must not be after to");
  if (to - from > longest) throw invalid("to", words);
  if (from < 0) throw invalid("from", "must be after 1970");
}

const invalid = (field: string, message: string) =>
  new Problem("INVALID_REQUEST", `${field}: ${message}`, { fields: [{ field, message }] });

const countItems = (usage: Usage) => ({
  licensesCreated: usage.licensesCreated,
  licensesActivated: usage.licensesActivated,
  authorizations: usage.authorizations,
  denials: usage.refusals,
  apiCalls: usage.apiCalls,
});
