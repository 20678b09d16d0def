import { type Decision, refuse } from "../../core/decision.ts";
import { type Amendment, amended } from "../../core/license-amendments.ts";
import { decideUpdate, unlessSame } from "../../core/license-changes.ts";
import type { License } from "../../core/records.ts";
import { products } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { ownerToBe } from "../end-users/owners.ts";
import type { Principal } from "../principal.ts";
import { changeLimits } from "./change-limits.ts";
import type { LicenseReference } from "./find-license.ts";

export type AmendAsk = Omit<Amendment, "owner"> & {
  /** Null is nobody. */
  readonly endUserId?: string | null | undefined;
};

/**
 * Changes what is given where policies set the limits. A first limit on an unlimited license costs a walk
 * over its machines.
 */
export const amendLicense = (
  deps: Deps,
  principal: Principal,
  which: LicenseReference,
  { endUserId, ...asked }: AmendAsk,
): Promise<Decision<{ license: License }>> =>
  changeLimits(deps, principal, which, async (license, { now, reader, countedIn }) => {
    const product = await reader.get(products, license.productId);
    if (!product) return refuse("PRODUCT_NOT_FOUND");
    const to =
      endUserId === undefined ? undefined : await ownerToBe(reader, license.accountId, endUserId);
    if (to?.ok === false) return to;
    const decision = amended({
      license,
      amendment: { ...asked, owner: to?.owner },
      productPolicy: product.defaultPolicy,
      now,
    });
    if (!decision.ok) return decision;
    const { maxMachines } = decision;
    const update = maxMachines === decision.license.maxMachines ? {} : { maxMachines };
    const next = decideUpdate({ license: decision.license, update, countedIn, now });
    return { ...next, license: unlessSame(license, next.license) };
  });
