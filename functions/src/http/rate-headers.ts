import type { Budget } from "../operations/rate-budgets/take-request.ts";

/** What a sender is told of its minute; the reset in Unix seconds. */
export const rateHeaders = ({ perMinute, remaining, endsAt }: Budget) => ({
  "X-RateLimit-Limit": String(perMinute),
  "X-RateLimit-Remaining": String(remaining),
  "X-RateLimit-Reset": String(Math.ceil(endsAt / 1000)),
});
