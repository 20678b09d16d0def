import type { Decision } from "../../core/decision.ts";
import { formatLicenseKey, LICENSE_KEY_BYTES } from "../../core/license-keys.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";

/**
 * Gives a license another key. The old one is unknown from then on; machines stay, as they hang on
 * the license's identity, but activate again, as their tokens name the old key.
 */
export function rotateLicenseKey(
  deps: Deps,
  principal: Principal,
  oldKey: string,
): Promise<Decision<{ licenseKey: string }>> {
  const licenseKey = formatLicenseKey(deps.randomBytes(LICENSE_KEY_BYTES));
  const keyHash = keyHashOf(deps, licenseKey);
  const keySealed = deps.vault.seal("license-key", licenseKey);
  return changeLicense(deps, principal, {
    which: { licenseKey: oldKey },
    action: "license.rotateKey",
    change: async (license) => ({
      license: { ...license, keyHash, keySealed },
      outcome: { licenseKey },
    }),
  });
}
