import { accept, type Decision } from "../../core/decision.ts";
import { decideUpdate, type LicenseUpdate } from "../../core/license-changes.ts";
import { variantName } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { variants } from "../../store/collections.ts";
import { type Reader, StoreUnavailableError } from "../../store/document-store.ts";
import { keyHashOf } from "../activations/machine.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { variantIdOf } from "../products/find-variant.ts";
import { changeLicense } from "./change-license.ts";
import { countMachines } from "./count-machines.ts";

/** Only others who switch the same limit at the same time can make more than two necessary. */
const MAX_TRIES = 5;

export type UpdateLicenseAsk = LicenseUpdate & { readonly licenseKey: string };

/** Changes what is given. A first limit on an unlimited license costs a walk over its machines. */
export async function updateLicense(
  deps: Deps,
  principal: Principal,
  { licenseKey, ...asked }: UpdateLicenseAsk,
): Promise<Decision<object>> {
  let countedIn: number | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const decision = await changeLicense(deps, principal, {
      licenseKey,
      action: "license.update",
      change: async (license, now, reader) => {
        const variant = await knownVariant(reader, license, asked.variant);
        const update = { ...asked, variant };
        const { license: next, countFirst } = decideUpdate({ license, update, countedIn, now });
        return { license: next, outcome: { countFirst } };
      },
    });
    if (!decision.ok) return decision;
    if (!decision.countFirst) return accept({});
    countedIn = await countMachines(deps, keyHashOf(deps, licenseKey));
  }
  throw new StoreUnavailableError("The license's limit is being switched by others.");
}

/** The name as the product's variant spells it; any other name is kept as given. */
async function knownVariant(reader: Reader, license: License, given: string | undefined) {
  if (given === undefined) return undefined;
  const name = variantName(license.productHandle, given);
  return (await reader.get(variants, variantIdOf(license.productId, name)))?.name ?? name;
}
