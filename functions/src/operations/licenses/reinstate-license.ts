import type { Decision } from "../../core/decision.ts";
import { reinstated } from "../../core/license-changes.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";

/** Makes a revoked, suspended or degraded license good again. */
export const reinstateLicense = (
  deps: Deps,
  principal: Principal,
  licenseKey: string,
): Promise<Decision<object>> =>
  changeLicense(deps, principal, {
    licenseKey,
    action: "license.reinstate",
    change: async (license, now) => ({ license: reinstated(license, now), outcome: {} }),
  });
