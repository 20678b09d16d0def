import { allRevoked, isBound, NEVER_AUTHORIZED, type Resets } from "./authorizations.ts";
import { type Decision, refuse } from "./decision.ts";
import type { PolicyGroups, ResetBudget } from "./policies.ts";
import type { License } from "./records.ts";
import { withDevices } from "./slots.ts";

export type BindingKind = "hwid" | "ip";

const HOUR_MS = 3_600_000;

/** What resets a license has had, and what is left of its budget; instants are epoch milliseconds. */
export type ResetState = {
  readonly used: number;
  readonly max: number;
  readonly remaining: number;
  /** Null where the next may come now, or never. */
  readonly nextAllowedAt: number | null;
};

export function resetState(resets: Resets, budget: ResetBudget, now: number): ResetState {
  const remaining = Math.max(0, budget.max - resets.count);
  const next = (resets.lastAt ?? 0) + budget.cooldownHours * HOUR_MS;
  const waits = remaining > 0 && resets.lastAt !== null && next > now;
  return {
    used: resets.count,
    max: budget.max,
    remaining,
    nextAllowedAt: waits ? next : null,
  };
}

/**
 * Forgets every live binding of a kind. Vendors' resets count and are not limited; a customer's
 * keep to the budget and its pause (reference, section 9.9).
 */
export function decideBindingReset(ask: {
  license: License;
  kind: BindingKind;
  policy: PolicyGroups;
  isCustomers: boolean;
  now: number;
}): Decision<{ ok: true; license: License; cleared: number; resets: ResetState }> {
  const { license, kind, policy, now } = ask;
  const authorization = license.authorization ?? NEVER_AUTHORIZED;
  const [counter, budget] =
    kind === "hwid"
      ? (["hwidResets", policy.hwidResets] as const)
      : (["ipResets", policy.ipResets] as const);
  const before = resetState(authorization[counter], budget, now);
  if (ask.isCustomers && before.remaining === 0) {
    return refuse("RESET_LIMIT_REACHED", { limit: budget.max });
  }
  if (ask.isCustomers && before.nextAllowedAt !== null) {
    const retryAfterSeconds = Math.ceil((before.nextAllowedAt - now) / 1000);
    return refuse("RESET_LIMIT_REACHED", { limit: budget.max, retryAfterSeconds });
  }
  const resets: Resets = { count: authorization[counter].count + 1, lastAt: now };
  const counted = { ...license, authorization: { ...authorization, [counter]: resets } };
  const bindings = kind === "hwid" ? authorization.hwids : authorization.addresses;
  return {
    ok: true,
    license: bindingsForgotten(counted, [kind], now),
    cleared: bindings.filter(isBound).length,
    resets: resetState(resets, budget, now),
  };
}

/** The license without live bindings of those kinds; the same object where it had none. */
export function bindingsForgotten(
  license: License,
  kinds: readonly BindingKind[],
  now: number,
): License {
  let next = license;
  const { hwids, addresses } = license.authorization ?? NEVER_AUTHORIZED;
  if (kinds.includes("hwid") && hwids.some(isBound)) {
    next = withDevices(next, allRevoked(hwids, now));
  }
  if (kinds.includes("ip") && addresses.some(isBound)) {
    const authorization = next.authorization ?? NEVER_AUTHORIZED;
    next = { ...next, authorization: { ...authorization, addresses: allRevoked(addresses, now) } };
  }
  return next;
}
