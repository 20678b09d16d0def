import type { Decision } from "../../core/decision.ts";
import { revoked } from "../../core/license-changes.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";
import type { LicenseReference } from "./find-license.ts";

/** Ends a license for good, until it is reinstated. */
export const revokeLicense = (
  deps: Deps,
  principal: Principal,
  which: LicenseReference,
  reason = "manual",
): Promise<Decision<{ license: License }>> =>
  changeLicense(deps, principal, {
    which,
    action: "license.revoke",
    change: async (license, now) => ({ license: revoked(license, reason, now), outcome: {} }),
  });
