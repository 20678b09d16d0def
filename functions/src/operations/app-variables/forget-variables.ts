import type { AppVariable } from "../../core/app-variables.ts";
import { appVariableCounts, appVariables } from "../../store/collections.ts";
import type { Deps } from "../deps.ts";
import { variableCountId } from "./variable-ids.ts";

const PAGE = 200;

/** Deletes the variables of licenses that are gone, at most 30, so that others of their product have the room. */
export async function forgetVariables(
  { store }: Pick<Deps, "store">,
  licenseIds: readonly string[],
): Promise<void> {
  for (;;) {
    const equal = { licenseId: licenseIds };
    const { items } = await store.query(appVariables, "ofLicense", { equal, limit: PAGE });
    for (const [productId, lot] of Map.groupBy(items, (one) => one.productId)) {
      await forget(store, productId, lot);
    }
    if (items.length < PAGE) return;
  }
}

const forget = (
  store: Deps["store"],
  productId: string,
  variables: readonly AppVariable[],
): Promise<void> =>
  store.transaction(async (tx) => {
    const ids = variables.map(({ id }) => id);
    const found = (await tx.getMany(appVariables, ids)).filter((one) => one !== undefined);
    const counted = await tx.get(appVariableCounts, variableCountId(productId, "USER"));
    for (const { id } of found) tx.delete(appVariables, id);
    const count = Math.max(0, (counted?.count ?? 0) - found.length);
    if (counted) tx.set(appVariableCounts, { ...counted, count });
  });
