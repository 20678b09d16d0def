import { UNLIMITED } from "./licenses.ts";

/** How often a person may have the bindings of one kind forgotten. */
export type ResetBudget = {
  /** In the license's whole life; 0 is never. */
  max: number;
  cooldownHours: number;
};

export type HwidLimit = { mode: "unlimited" | "sticky" | "limit"; maxDistinct: number | null };

export type IpLimit = HwidLimit & {
  /** What was not seen for so long does not count. */
  windowDays: number;
  /** What is told apart: addresses, or the countries they are in. */
  limitType: "ip" | "region";
};

export type ConcurrencyLimit = {
  mode: "unlimited" | "limit";
  maxActive: number | null;
  /** How long a session lives without a sign of life. */
  sessionTtlSeconds: number;
};

/** The groups of a policy; an override replaces whole groups. */
export type PolicyGroups = {
  hwid: HwidLimit;
  ip: IpLimit;
  concurrency: ConcurrencyLimit;
  hwidResets: ResetBudget;
  ipResets: ResetBudget;
};

/** What a product or a license sets of it; null leaves the group to what is below. */
export type Policy = { [Group in keyof PolicyGroups]: PolicyGroups[Group] | null };

const RESETS: ResetBudget = { max: 3, cooldownHours: 24 };

/** Reference, section 10.1. */
export const DEFAULT_GROUPS: PolicyGroups = {
  hwid: { mode: "unlimited", maxDistinct: null },
  ip: { mode: "unlimited", maxDistinct: null, windowDays: 30, limitType: "ip" },
  concurrency: { mode: "unlimited", maxActive: null, sessionTtlSeconds: 600 },
  hwidResets: RESETS,
  ipResets: RESETS,
};

/** What holds of a license: its own groups, else its product's, else the defaults. */
export function policyOf(ofProduct: Policy | null, ofLicense: Policy | null): PolicyGroups {
  const set = [ofProduct, ofLicense].flatMap((policy) =>
    Object.entries(policy ?? {}).filter(([, group]) => group !== null),
  );
  return { ...DEFAULT_GROUPS, ...(Object.fromEntries(set) as Partial<PolicyGroups>) };
}

/** How many devices at once: the `maxMachines` of a license whose slots follow its policy. */
export const slotsOfPolicy = ({ mode, maxDistinct }: HwidLimit): number =>
  mode === "unlimited" ? UNLIMITED : mode === "sticky" ? 1 : (maxDistinct ?? 1);
