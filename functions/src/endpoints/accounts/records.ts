import * as z from "zod";
import { type Account, PLANS, requestsPerMinute } from "../../core/plans.ts";
import { accountId, iso, pastInstant } from "../fields.ts";

export const plan = z.enum(PLANS, `must be one of ${PLANS.join(", ")}`).meta({
  description: "How many requests a minute its `proxgate` keys may send together.",
  example: "pro",
});

/** An account as its administrator sees it. */
export const accountShape = z
  .object({
    creatorId: accountId,
    plan,
    requestsPerMinute: z.int().meta({ example: 1_000 }),
    createdAt: pastInstant,
  })
  .meta({ id: "Account" });

export const accountRecord = ({ id, plan, createdAt }: Account): z.input<typeof accountShape> => ({
  creatorId: id,
  plan,
  requestsPerMinute: requestsPerMinute(plan),
  createdAt: iso(createdAt),
});
