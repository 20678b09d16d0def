import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Activation, License } from "../../core/records.ts";
import { activations, licenses } from "../../store/collections.ts";
import { keyHashOf } from "../activations/machine.ts";
import { type Usage, usageNow } from "../activations/usage.ts";
import type { Deps } from "../deps.ts";
import { mayReach, type Principal } from "../principal.ts";

/** What one answer lists; a license with more machines says so by its `machinesUsed`. */
const MAX_ACTIVATIONS = 1_000;

export type LicenseDetail = {
  readonly license: License;
  readonly licenseKey: string;
  /** Newest first. */
  readonly activations: readonly Activation[];
  readonly usage: Usage;
};

/** A license with its machines. */
export async function getLicense(
  deps: Deps,
  principal: Principal,
  licenseKey: string,
): Promise<Decision<LicenseDetail>> {
  const license = await deps.store.get(licenses, keyHashOf(deps, licenseKey));
  if (!license || !mayReach(principal, license.accountId, license.productId)) {
    return refuse("LICENSE_NOT_FOUND");
  }
  const [machines, usage] = await Promise.all([
    deps.store.query(activations, "byLicense", {
      equal: { licenseId: license.id },
      limit: MAX_ACTIVATIONS,
    }),
    usageNow(deps, license),
  ]);
  return accept({
    license,
    licenseKey: deps.vault.open("license-key", license.keySealed),
    activations: machines.items,
    usage,
  });
}
