import { slotsOf, UNLIMITED } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { isSpread } from "../../core/seat-shards.ts";
import { activations } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { usedNow } from "./seat-pools.ts";

/** How much of a license is in use; `limit` is -1 when unlimited. */
export type Usage = { readonly used: number; readonly limit: number };

/**
 * Machines or floating seats in use. Where a counter guards a limit it is the answer; an unlimited
 * license keeps none and pays one aggregate query. Of a pool counted in shards: as of a few seconds ago.
 */
export async function usageOf(
  deps: Pick<Deps, "store" | "now" | "seatPools">,
  license: License,
): Promise<Usage> {
  const limit = slotsOf(license);
  const floating = license.licenseType === "floating";
  if (limit !== undefined) {
    if (isSpread(license)) return { used: await deps.seatPools.used(deps.store, license), limit };
    return { used: floating ? license.seatsUsed : license.machinesUsed, limit };
  }
  const equal = { licenseId: license.id };
  const used = floating
    ? await deps.store.count(activations, "seatsOfLicense", { equal, range: { gt: deps.now() } })
    : await deps.store.count(activations, "byLicense", { equal });
  return { used, limit: UNLIMITED };
}

/** The same to the moment: a pool's shards are read. */
export const usageNow = async (
  deps: Pick<Deps, "store" | "now" | "seatPools">,
  license: License,
): Promise<Usage> =>
  isSpread(license)
    ? { used: await usedNow(deps.store, license), limit: slotsOf(license) ?? UNLIMITED }
    : usageOf(deps, license);
