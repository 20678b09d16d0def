import type { Decision } from "../../core/decision.ts";
import { reinstated, unrevoked } from "../../core/license-changes.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";
import type { LicenseReference } from "./find-license.ts";

/** Makes a revoked, suspended or degraded license good again; with `only`, no other than a revoked one. */
export const reinstateLicense = (
  deps: Deps,
  principal: Principal,
  which: LicenseReference,
  { only }: { readonly only?: "revoked" } = {},
): Promise<Decision<{ license: License }>> =>
  changeLicense(deps, principal, {
    which,
    action: "license.reinstate",
    change: async (license, now) => ({
      license: only ? unrevoked(license, now) : reinstated(license, now),
      outcome: {},
    }),
  });
