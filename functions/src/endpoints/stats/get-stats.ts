import * as z from "zod";
import { defineEndpoint } from "../../http/endpoint.ts";
import { nativeSurface } from "../../http/native-surface.ts";
import { getStats as get } from "../../operations/stats/get-stats.ts";
import { creatorId, iso, productId } from "../fields.ts";

const DAY_MS = 86_400_000;
const DAYS = "must be a whole number from 1 to 90";
const total = (example: number) => z.int().min(0).meta({ example });

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
      days: z
        .union(
          [
            z.int(DAYS).min(1, DAYS).max(90, DAYS),
            z
              .string()
              .regex(/^(?:[1-9]|[1-8]\d|90)$/, DAYS)
              .transform(Number),
          ],
          DAYS,
        )
        .default(30)
        .meta({ description: "How many days, today (UTC) included.", example: 30 }),
    })
    .meta({ id: "GetStatsRequest" }),
  output: z
    .object({
      success: z.literal(true),
      licenses: z.object({
        total: total(12),
        byStatus: z.object({
          active: total(9),
          degraded: total(1),
          suspended: total(0),
          revoked: total(1),
          expired: total(1).meta({ description: "Neither suspended nor revoked." }),
        }),
        byType: z.object({ "per-machine": total(8), floating: total(3), site: total(1) }),
      }),
      activations: total(17),
      liveSeats: total(4).meta({ description: "Floating seats that have not lapsed." }),
      days: z
        .array(
          z.object({
            date: z.iso.date().meta({ example: "2026-11-20" }),
            checks: total(240),
            denials: total(3),
          }),
        )
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
