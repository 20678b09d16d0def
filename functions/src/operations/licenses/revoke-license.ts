import type { Decision } from "../../core/decision.ts";
import { revoked } from "../../core/license-changes.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";

/** Ends a license for good, until it is reinstated. */
export const revokeLicense = (
  deps: Deps,
  principal: Principal,
  ask: { readonly licenseKey: string; readonly reason?: string | undefined },
): Promise<Decision<object>> =>
  changeLicense(deps, principal, {
    licenseKey: ask.licenseKey,
    action: "license.revoke",
    change: async (license, now) => ({
      license: revoked(license, ask.reason ?? "manual", now),
      outcome: {},
    }),
  });
