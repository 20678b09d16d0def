import { accept, type Decision, type Refusal } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { type Reader, StoreUnavailableError } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeLicense } from "./change-license.ts";
import { countMachines } from "./count-machines.ts";
import type { LicenseReference } from "./find-license.ts";

/** Only others who switch the same limit at the same time can make more than two necessary. */
const MAX_TRIES = 5;

/**
 * A change that may limit a license without a limit: then `countFirst`, and it is asked again when the
 * license's machines are counted, which costs a walk over them.
 */
export async function changeLimits(
  deps: Deps,
  principal: Principal,
  which: LicenseReference,
  change: (
    license: License,
    known: {
      readonly now: number;
      readonly reader: Reader;
      /** The epoch in which they were counted. */
      readonly countedIn: number | undefined;
    },
  ) => Promise<Refusal | { license: License; countFirst: boolean }>,
): Promise<Decision<{ license: License }>> {
  let countedIn: number | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const decision = await changeLicense(deps, principal, {
      which,
      action: "license.update",
      change: async (before, now, reader) => {
        const changed = await change(before, { now, reader, countedIn });
        if ("ok" in changed) return changed;
        const { license, countFirst } = changed;
        return { license: countFirst ? before : license, outcome: { countFirst } };
      },
    });
    if (!decision.ok) return decision;
    const { license, countFirst } = decision;
    if (!countFirst) return accept({ license });
    countedIn = await countMachines(deps, license.keyHash);
  }
  throw new StoreUnavailableError("The license's limit is being switched by others.");
}
