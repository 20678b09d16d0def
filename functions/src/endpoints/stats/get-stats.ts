import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { getStats as get } from "../../operations/stats/get-stats.ts";
import { creatorId, iso, productId } from "../fields.ts";

const DAY_MS = 86_400_000;
const total = z.int().min(0);

export const getStats = defineEndpoint({
  name: "getStats",
  methods: ["GET", "POST"],
  access: "admin",
  scope: "stats:read",
  accountWide: true,
  summary: "Licenses, machines and usage in numbers",
  description:
    "Of an account, or of one of its products. Checks are answers to `verify`, `activate`, " +
    "`validate` and `heartbeat` about a license of its own; denials are those that were refused. " +
    "They are written about a minute late, and a process that dies takes its last minute along.",
  mutates: false,
  surface: nativeSurface({ failure: "success" }),
  refusals: ["ACCOUNT_FIXED", "PRODUCT_NOT_FOUND"],
  input: z
    .strictObject({
      productId: productId.optional(),
      creatorId: creatorId.optional(),
      days: z.coerce
        .number("must be a whole number")
        .int("must be a whole number")
        .min(1, "must be at least 1")
        .max(90, "must be at most 90")
        .default(30)
        .meta({ description: "How many days, today (UTC) included." }),
    })
    .meta({ id: "GetStatsRequest" }),
  output: z
    .object({
      success: z.literal(true),
      licenses: z.object({
        total,
        byStatus: z.object({
          active: total,
          degraded: total,
          suspended: total,
          revoked: total,
          expired: total.meta({ description: "Neither suspended nor revoked." }),
        }),
        byType: z.object({ "per-machine": total, floating: total, site: total }),
      }),
      activations: total,
      liveSeats: total.meta({ description: "Floating seats that have not lapsed." }),
      days: z
        .array(z.object({ date: z.iso.date(), checks: total, denials: total }))
        .meta({ description: "Oldest first, each day once." }),
    })
    .meta({ id: "GetStatsResponse" }),
  async handle(deps, input, principal) {
    const decision = await get(deps, principal, input);
    if (!decision.ok) return decision;
    const { byStatus, byType, activations, liveSeats, days } = decision;
    const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
    return {
      success: true as const,
      licenses: { total, byStatus, byType },
      activations,
      liveSeats,
      days: days.map(({ day, ...usage }) => ({ date: iso(day * DAY_MS).slice(0, 10), ...usage })),
    };
  },
});
