import type { Decision } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import type { Deps } from "../../operations/deps.ts";
import { hasScope, type Principal } from "../../operations/principal.ts";
import { licenseItem } from "./license-records.ts";

export const LICENSES = "/v1/products/:productId/licenses";
export const LICENSE = `${LICENSES}/:licenseId` as const;

/** Whoever asks: an API key's product, or a member. */
export type Viewer = { readonly principal: Principal };

/** Whether licenses tell the caller whose they are. */
export const seesOwners = ({ principal }: Viewer) => hasScope(principal, "end_user:read");

export const view = (deps: Deps, caller: Viewer) => ({
  now: deps.now(),
  seesOwners: seesOwners(caller),
});

/** A single license, as far as the caller may see it. */
export function shown(deps: Deps, caller: Viewer, decision: Decision<{ license: License }>) {
  if (!decision.ok) return decision;
  const { license } = decision;
  const key = deps.vault.open("license-key", license.keySealed);
  return { license: licenseItem(license, key, view(deps, caller)) };
}
