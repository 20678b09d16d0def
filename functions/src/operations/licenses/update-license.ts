import type { Decision } from "../../core/decision.ts";
import { decideUpdate, type LicenseUpdate } from "../../core/license-changes.ts";
import { variantName } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { variants } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { variantIdOf } from "../products/find-variant.ts";
import { changeLimits } from "./change-limits.ts";

export type UpdateLicenseAsk = LicenseUpdate & { readonly licenseKey: string };

/** Changes what is given. A first limit on an unlimited license costs a walk over its machines. */
export const updateLicense = (
  deps: Deps,
  principal: Principal,
  { licenseKey, ...asked }: UpdateLicenseAsk,
): Promise<Decision<object>> =>
  changeLimits(deps, principal, { licenseKey }, async (license, { now, reader, countedIn }) => {
    const variant = await knownVariant(reader, license, asked.variant);
    // A limit that its vendor sets is no policy's to change.
    const byHand = license.slotsByPolicy && asked.maxMachines !== undefined;
    const own = byHand ? { ...license, slotsByPolicy: false } : license;
    return decideUpdate({ license: own, update: { ...asked, variant }, countedIn, now });
  });

/** The name as the product's variant spells it; any other name is kept as given. */
async function knownVariant(reader: Reader, license: License, given: string | undefined) {
  if (given === undefined) return undefined;
  const name = variantName(license.productHandle, given);
  return (await reader.get(variants, variantIdOf(license.productId, name)))?.name ?? name;
}
