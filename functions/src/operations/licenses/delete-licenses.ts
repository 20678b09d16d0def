import { activations } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeMany, type ManyChanged } from "./change-many.ts";

const LICENSES_AT_ONCE = 30;
const PAGE = 200;

/** Deletes licenses for good, then their machines. What a crash leaves of those is found by nobody. */
export async function deleteLicenses(
  deps: Deps,
  principal: Principal,
  licenseIds: readonly string[],
): Promise<ManyChanged> {
  const action = "license.delete";
  const outcome = await changeMany(deps, principal, { licenseIds, action, to: () => null });
  const { changed } = outcome;
  for (let from = 0; from < changed.length; from += LICENSES_AT_ONCE) {
    await forgetMachines(deps, changed.slice(from, from + LICENSES_AT_ONCE));
  }
  return outcome;
}

/** Of licenses that are gone, at most 30. */
export async function forgetMachines(
  { store }: Pick<Deps, "store">,
  licenseIds: readonly string[],
): Promise<void> {
  for (;;) {
    const equal = { licenseId: licenseIds };
    const { items } = await store.query(activations, "byLicense", { equal, limit: PAGE });
    await store.commit(
      items.map(({ id }) => ({ kind: "delete" as const, collection: activations, id })),
    );
    if (items.length < PAGE) return;
  }
}
