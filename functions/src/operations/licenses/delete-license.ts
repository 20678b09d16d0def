import { accept, type Decision } from "../../core/decision.ts";
import { licenses } from "../../store/collections.ts";
import { forgetShards } from "../activations/seat-counter.ts";
import { auditor } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { ownersRecounted } from "../end-users/owners.ts";
import type { Principal } from "../principal.ts";
import { forgetBelongings } from "./delete-licenses.ts";
import { type LicenseReference, withLicense } from "./find-license.ts";

/**
 * Deletes a license for good, then its machines and variables. What a crash leaves of the machines is found by
 * nobody, and the seats among them go with the next sweep; of the variables it stays in their list. Sales
 * and trials remember the license, so that neither makes it again.
 */
export async function deleteLicense(
  deps: Deps,
  principal: Principal,
  which: LicenseReference,
): Promise<Decision<{ licenseId: string }>> {
  const now = deps.now();
  const audit = auditor(deps, principal);
  const decision = await withLicense(deps, principal, {
    which,
    transaction: deps.once,
    body: async (tx, license) => {
      const recount = await ownersRecounted(tx, { before: license, after: null }, { now });
      tx.delete(licenses, license.keyHash);
      forgetShards(tx, license);
      recount(tx);
      const { accountId, id } = license;
      const before = license;
      audit(tx, { accountId, action: "license.delete", targetId: id, before, after: null });
      return accept({ licenseId: id });
    },
  });
  if (decision.ok) await forgetBelongings(deps, [decision.licenseId]);
  return decision;
}
