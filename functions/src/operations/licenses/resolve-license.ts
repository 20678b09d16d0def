import type { Decision } from "../../core/decision.ts";
import { decideResolve } from "../../core/enforcement.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";

export type Resolved = {
  readonly license: License;
  readonly licenseKey: string;
  readonly resolvedCount: number;
};

/** Resolves some or all violations of a license; its threat level and status follow. */
export const resolveLicense = (
  deps: Deps,
  principal: Principal,
  ask: { readonly licenseKey: string; readonly violationIds?: readonly string[] | undefined },
): Promise<Decision<Resolved>> =>
  changeLicense(deps, principal, {
    which: { licenseKey: ask.licenseKey },
    action: "license.resolve",
    change: async (license, now) => {
      const { violationIds } = ask;
      const decision = decideResolve({ license, violationIds, now });
      if (!decision.ok) return decision;
      const licenseKey = deps.vault.open("license-key", license.keySealed);
      return { license: decision.license, outcome: { ...decision, licenseKey } };
    },
  });
