import { accept, type Decision, refuse } from "./decision.ts";
import {
  type ConcurrencyLimit,
  DEFAULT_GROUPS,
  type HwidLimit,
  type IpLimit,
  type Policy,
  type ResetBudget,
} from "./policies.ts";

type Members = Readonly<Record<string, unknown>>;

class InvalidPolicy extends Error {
  readonly field: string;
  constructor(field: string, why: string) {
    super(why);
    this.field = field;
  }
}

/**
 * The policy that somebody sent in the form of the reference, section 10.1. `field` of the refusal
 * names the member that is wrong, from the policy down, and is empty for the policy itself. Members that it
 * does not know are ignored.
 */
export function readPolicy(given: unknown): Decision<{ policy: Policy }> {
  try {
    const { v = 1, limits } = members(given, "");
    if (v !== 1) throw new InvalidPolicy("v", "must be 1");
    const groups = members(limits, "limits");
    const resets = groups["resetBudget"] ?? null;
    const { hwid, ip } = resets === null ? {} : members(resets, "limits.resetBudget");
    return accept({
      policy: {
        hwid: group(groups["hwid"], "limits.hwid", readHwid),
        ip: group(groups["ip"], "limits.ip", readIp),
        concurrency: group(groups["concurrency"], "limits.concurrency", readConcurrency),
        hwidResets: group(hwid, "limits.resetBudget.hwid", readResets),
        ipResets: group(ip, "limits.resetBudget.ip", readResets),
      },
    });
  } catch (error) {
    if (!(error instanceof InvalidPolicy)) throw error;
    return refuse("INVALID_POLICY", { field: error.field, why: error.message });
  }
}

const BINDING_MODES = ["unlimited", "sticky", "limit"] as const;

function readHwid(given: Members, at: string): HwidLimit {
  const mode = oneOf(given, "mode", at, BINDING_MODES);
  return { mode, maxDistinct: most(given, "maxDistinct", at, mode) };
}

const readIp = (given: Members, at: string): IpLimit => ({
  ...readHwid(given, at),
  windowDays: whole(given, "windowDays", at, [1, 365]) ?? DEFAULT_GROUPS.ip.windowDays,
  limitType: oneOf({ limitType: "ip", ...given }, "limitType", at, ["ip", "region"]),
});

function readConcurrency(given: Members, at: string): ConcurrencyLimit {
  const mode = oneOf(given, "mode", at, ["unlimited", "limit"]);
  const maxActive = most(given, "maxActive", at, mode);
  const ttl = whole(given, "sessionTtlSeconds", at, [1, MAX_SESSION_TTL_SECONDS]);
  return {
    mode,
    maxActive,
    sessionTtlSeconds: ttl ?? DEFAULT_GROUPS.concurrency.sessionTtlSeconds,
  };
}

const readResets = (given: Members, at: string): ResetBudget => ({
  max: whole(given, "max", at, [0, 1_000]) ?? DEFAULT_GROUPS.hwidResets.max,
  cooldownHours:
    whole(given, "cooldownHours", at, [0, 8_760]) ?? DEFAULT_GROUPS.hwidResets.cooldownHours,
});

/** Thirty days. */
const MAX_SESSION_TTL_SECONDS = 2_592_000;

function members(given: unknown, field: string): Members {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as Members;
  throw new InvalidPolicy(field, "must be an object");
}

const group = <T>(given: unknown, at: string, read: (given: Members, at: string) => T): T | null =>
  given === undefined || given === null ? null : read(members(given, at), at);

function oneOf<const T extends string>(
  given: Members,
  name: string,
  at: string,
  allowed: readonly T[],
): T {
  const value = allowed.find((one) => one === given[name]);
  if (value !== undefined) return value;
  throw new InvalidPolicy(`${at}.${name}`, `must be one of ${allowed.join(", ")}`);
}

/** A number of things at once, which a limit cannot do without. */
function most(given: Members, name: string, at: string, mode: string): number | null {
  const value = whole(given, name, at, [1, 1_000]) ?? null;
  if (value === null && mode === "limit") {
    throw new InvalidPolicy(`${at}.${name}`, "is required where the mode is limit");
  }
  return value;
}

function whole(
  given: Members,
  name: string,
  at: string,
  [from, to]: readonly [number, number],
): number | undefined {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= from && value <= to) {
    return value;
  }
  throw new InvalidPolicy(`${at}.${name}`, `must be a whole number from ${from} to ${to}`);
}
