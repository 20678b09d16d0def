import { slotsOf, UNLIMITED } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { activations } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";

/** How much of a license is in use; `limit` is -1 when unlimited. */
export type Usage = { readonly used: number; readonly limit: number };

/**
 * Machines or floating seats in use. Where a counter guards a limit it is the answer; an unlimited
 * license keeps none and pays one aggregate query.
 */
export async function usageOf(deps: Pick<Deps, "store" | "now">, license: License): Promise<Usage> {
  const limit = slotsOf(license);
  const floating = license.licenseType === "floating";
  if (limit !== undefined) {
    return { used: floating ? license.seatsUsed : license.machinesUsed, limit };
  }
  const equal = { licenseId: license.id };
  const used = floating
    ? await deps.store.count(activations, "seatsOfLicense", { equal, range: { gt: deps.now() } })
    : await deps.store.count(activations, "byLicense", { equal });
  return { used, limit: UNLIMITED };
}
