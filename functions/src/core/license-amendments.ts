import { accept, type Decision } from "./decision.ts";
import { type EndUser, ownedBy } from "./end-users.ts";
import { withExpiry } from "./expiry.ts";
import { type AskedExpiry, asksExpiry, expiryTerms } from "./expiry-terms.ts";
import { frozen, reinstated, revoked, unfrozen } from "./license-changes.ts";
import { standingAt } from "./licenses.ts";
import { type Policy, policyOf, slotsOfPolicy } from "./policies.ts";
import type { License } from "./records.ts";

/** `released` is good again, whatever blocked it; `unfrozen` leaves a revoked one as it is. */
export type Hold = "released" | "unfrozen" | "suspended" | "revoked";

export type Amendment = {
  readonly hold?: Hold | undefined;
  readonly expiry?: AskedExpiry | undefined;
  readonly policyOverride?: Policy | null | undefined;
  /** Null is nobody. */
  readonly owner?: EndUser | null | undefined;
  readonly note?: string | null | undefined;
};

/** The license with what is given changed, and the slots that its policy gives it then. */
export function amended(ask: {
  readonly license: License;
  readonly amendment: Amendment;
  readonly productPolicy: Policy | null;
  readonly now: number;
}): Decision<{ license: License; maxMachines: number }> {
  const { hold, expiry = {}, policyOverride, owner, note } = ask.amendment;
  const held = put(ask.license, hold, ask.now);
  if (!held.ok) return held;
  let { license } = held;
  if (asksExpiry(expiry)) {
    const asked = expiryTerms(expiry, license);
    if (!asked.ok) return asked;
    license = withExpiry(license, asked.terms);
  }
  if (policyOverride !== undefined) license = { ...license, policyOverride };
  if (owner !== undefined && (owner?.id ?? null) !== license.endUserId) {
    license = { ...license, ...ownedBy(owner) };
  }
  if (note !== undefined) license = { ...license, note };
  const { hwid } = policyOf(ask.productPolicy, license.policyOverride);
  return accept({
    license,
    maxMachines: license.slotsByPolicy ? slotsOfPolicy(hwid) : license.maxMachines,
  });
}

function put(
  license: License,
  hold: Hold | undefined,
  now: number,
): Decision<{ license: License }> {
  if (hold === "suspended") return frozen(license, now);
  if (hold === "revoked") return accept({ license: revoked(license, "manual", now) });
  if (hold === "unfrozen") return accept({ license: unfrozen(license, now) });
  const isBlocked = ["suspended", "revoked"].includes(standingAt(license, now));
  return accept({ license: hold && isBlocked ? reinstated(license, now) : license });
}
