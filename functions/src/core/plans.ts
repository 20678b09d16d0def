/** How much an account may ask of the APIs that have plans. */
export const PLANS = ["start", "pro", "enterprise"] as const;

export type Plan = (typeof PLANS)[number];

export type Account = {
  id: string;
  createdAt: number;
  /** How many it has: there is a limit. */
  webhookEndpoints: number;
  plan: Plan;
  /** What the dashboard shows; null is its id. */
  name: string | null;
  /** Unique in the service; null for an account that no organization was made for. */
  slug: string | null;
  /** Whether its customers have a portal. */
  portalEnabled: boolean;
  /** How many members are its owners: the last one stays. */
  owners: number;
};

export const newAccount = (id: string, createdAt: number): Account => ({
  id,
  createdAt,
  webhookEndpoints: 0,
  plan: "start",
  name: null,
  slug: null,
  portalEnabled: false,
  owners: 0,
});

const PER_MINUTE: Readonly<Record<Plan, number>> = { start: 100, pro: 1_000, enterprise: 10_000 };

/** Requests a minute, over all keys of the account. */
export const requestsPerMinute = (plan: Plan): number => PER_MINUTE[plan];
