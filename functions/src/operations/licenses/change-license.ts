import { accept, type Decision, type Refusal, refuse } from "../../core/decision.ts";
import { licenseEvents } from "../../core/events.ts";
import { expiryToTell } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { sessionsEnded } from "../../core/sessions.ts";
import { standingChangeAfter } from "../../core/standing.ts";
import { licenses } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import { type Audit, auditor } from "../audit.ts";
import { customerOnFirstUse, type Welcome } from "../customers.ts";
import type { Deps } from "../deps.ts";
import { ownersRecounted } from "../end-users/owners.ts";
import { type Announce, announcer } from "../events/announce.ts";
import { mayReach, type Principal } from "../principal.ts";
import { unfiled, withFacets } from "./facets.ts";
import { type LicenseReference, withLicense } from "./find-license.ts";

/**
 * Writes a license, and the events that tell of it: a new one, one under the same key, or one that
 * moves to another key. Returns it as it was written.
 */
export function saveLicense(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  change: {
    readonly before: License | null;
    readonly after: License;
    readonly announce: Announce;
    /** Lists find it later: what makes many at once files them afterwards. */
    readonly filedLater?: boolean;
  },
): License {
  const { before, announce, filedLater = false } = change;
  const changed = sessionsEnded(before, change.after);
  const after = {
    ...changed,
    tellExpiryAt: expiryToTell(before, changed),
    standingChangedAt: standingChangeAfter(before, changed),
  };
  const license = filedLater
    ? unfiled(after)
    : withFacets(deps, after, deps.vault.open("license-key", after.keySealed));
  announce(tx, ...licenseEvents(before, after));
  if (before?.keyHash === after.keyHash) {
    tx.set(licenses, license);
    return license;
  }
  tx.create(licenses, license);
  if (before) tx.delete(licenses, before.keyHash);
  return license;
}

/** Writes a license that was not there before, with its audit entry and its customer, where that is new. */
export function addLicense(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  license: License,
  entry: {
    readonly audit: Audit;
    readonly announce: Announce;
    /** Left out where another license of the transaction has the same buyer. */
    readonly welcome?: Welcome;
    readonly action: "license.create" | "license.import";
  },
): void {
  saveLicense(deps, tx, { before: null, after: license, announce: entry.announce });
  entry.welcome?.(tx, entry.announce);
  entry.audit(tx, {
    accountId: license.accountId,
    action: entry.action,
    targetId: license.id,
    before: null,
    after: license,
  });
}

/** The license of that key, if the principal may see it. */
export async function reachLicense(
  reader: Reader,
  principal: Principal,
  keyHash: string,
): Promise<Decision<{ license: License }>> {
  const license = await reader.get(licenses, keyHash);
  return license && mayReach(principal, license.accountId, license.productId)
    ? accept({ license })
    : refuse("LICENSE_NOT_FOUND");
}

/**
 * Every change of one license by its vendor. `change` asks the rules for the new license; when it
 * refuses, or returns the license it was given, nothing is written.
 */
export function changeLicense<Outcome extends object>(
  deps: Deps,
  principal: Principal,
  ask: {
    readonly which: LicenseReference;
    readonly action: string;
    readonly change: (
      license: License,
      now: number,
      reader: Reader,
    ) => Promise<Refusal | { license: License; outcome: Outcome }>;
  },
): Promise<Decision<Outcome & { license: License }>> {
  const { which } = ask;
  const now = deps.now();
  const audit = auditor(deps, principal);
  const announce = announcer(deps);
  const body = async (tx: Transaction, before: License) => {
    const changed = await ask.change(before, now, tx);
    if ("ok" in changed) return changed;
    const { license, outcome } = changed;
    if (license === before) return accept({ ...outcome, license });
    const after = { ...license, updatedAt: now };
    const moves = after.email !== before.email;
    const welcome = moves ? await customerOnFirstUse(tx, after, now) : undefined;
    const recount = await ownersRecounted(tx, { before, after }, { now });
    const saved = saveLicense(deps, tx, { before, after, announce });
    welcome?.(tx, announce);
    recount(tx);
    audit(tx, {
      accountId: before.accountId,
      action: ask.action,
      targetId: before.id,
      before,
      after,
    });
    return accept({ ...outcome, license: saved });
  };
  return withLicense(deps, principal, { which, transaction: deps.once, body });
}
