import { accept, type Decision, type Refusal, refuse } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { licenses } from "../../store/collections.ts";
import type { Reader, Transaction } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import { type Audit, auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";
import { withFacets } from "./facets.ts";

/** Writes a license: a new one, one under the same key, or one that moves to another key. */
export function saveLicense(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  before: License | null,
  after: License,
): void {
  const license = withFacets(deps, after, deps.vault.open("license-key", after.keySealed));
  if (before?.keyHash === after.keyHash) {
    tx.set(licenses, license);
    return;
  }
  tx.create(licenses, license);
  if (before) tx.delete(licenses, before.keyHash);
}

/** Writes a license that was not there before, with its audit entry. */
export function addLicense(
  deps: Pick<Deps, "vault">,
  tx: Transaction,
  license: License,
  entry: { readonly audit: Audit; readonly action: "license.create" | "license.import" },
): void {
  saveLicense(deps, tx, null, license);
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
    readonly licenseKey: string;
    readonly action: string;
    readonly change: (
      license: License,
      now: number,
      reader: Reader,
    ) => Promise<Refusal | { license: License; outcome: Outcome }>;
  },
): Promise<Decision<Outcome>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const now = deps.now();
  const audit = auditor(deps, principal);
  return deps.once(async (tx): Promise<Decision<Outcome>> => {
    const found = await reachLicense(tx, principal, keyHash);
    if (!found.ok) return found;
    const before = found.license;
    const changed = await ask.change(before, now, tx);
    if ("ok" in changed) return changed;
    const { license: after, outcome } = changed;
    if (after === before) return accept(outcome);
    saveLicense(deps, tx, before, { ...after, updatedAt: now });
    audit(tx, {
      accountId: before.accountId,
      action: ask.action,
      targetId: before.id,
      before,
      after,
    });
    return accept(outcome);
  });
}
