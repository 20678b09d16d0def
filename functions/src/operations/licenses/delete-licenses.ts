import { activations } from "../../store/collections.ts";
import { forgetVariables } from "../app-variables/forget-variables.ts";
import type { Deps } from "../deps.ts";
import type { Principal } from "../principal.ts";
import { changeMany, type ManyChanged } from "./change-many.ts";

const LICENSES_AT_ONCE = 30;
const PAGE = 200;

/** Deletes licenses for good, as `deleteLicense` does one. */
export async function deleteLicenses(
  deps: Deps,
  principal: Principal,
  licenseIds: readonly string[],
): Promise<ManyChanged> {
  const action = "license.delete";
  const outcome = await changeMany(deps, principal, { licenseIds, action, to: () => null });
  const { changed } = outcome;
  for (let from = 0; from < changed.length; from += LICENSES_AT_ONCE) {
    await forgetBelongings(deps, changed.slice(from, from + LICENSES_AT_ONCE));
  }
  return outcome;
}

/** Machines and variables of licenses that are gone, at most 30. */
export async function forgetBelongings(
  deps: Pick<Deps, "store">,
  licenseIds: readonly string[],
): Promise<void> {
  await Promise.all([forgetMachines(deps, licenseIds), forgetVariables(deps, licenseIds)]);
}

async function forgetMachines(
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
