import * as z from "zod";
import { undashed } from "../../core/licenses.ts";
import { codeStatistics } from "../../operations/redemption-codes/code-statistics.ts";
import { read } from "./define-route.ts";
import { countItems, unix, unixOrNull } from "./records.ts";

export const getProject = read({
  path: "",
  input: z.object({}),
  async handle(deps, product) {
    const statistics = await codeStatistics(deps, product);
    return {
      id: undashed(product.id),
      name: product.name,
      description: product.description || null,
      status: product.enabled,
      expires_at: unixOrNull(product.expiresAt),
      created_at: unix(product.createdAt),
      statistics: countItems(statistics),
    };
  },
});

export const getStatistics = read({
  path: "/statistics",
  input: z.object({}),
  async handle(deps, product) {
    const statistics = await codeStatistics(deps, product);
    const { total, used, recent } = statistics;
    return {
      project_id: undashed(product.id),
      ...countItems(statistics),
      usage_rate: total === 0 ? 0 : Math.round((used / total) * 10_000) / 10_000,
      recent_verifications: recent.map(({ text, usedAt, usedBy }) => ({
        code: text,
        verified_at: unixOrNull(usedAt),
        verified_by: usedBy,
      })),
    };
  },
});
