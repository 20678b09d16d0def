import { licenses } from "../../store/collections.ts";
import { inLots } from "../../store/lots.ts";
import { forgetShards } from "../activations/seat-counter.ts";
import type { Deps } from "../deps.ts";
import { ownersOfDeleted } from "../end-users/owners.ts";

const PAGE = 100;
const STATUSES = ["active", "degraded", "suspended", "revoked"] as const;

/** Deletes a page of a deleted product's licenses, and counts them off their owners; how many there were. */
export async function forgetLicenses(
  { store, now }: Pick<Deps, "store" | "now">,
  productId: string,
): Promise<number> {
  const { items } = await store.query(licenses, "countOfProductByStatus", {
    equal: { productId, status: STATUSES },
    limit: PAGE,
  });
  const at = now();
  for (const lot of inLots(licenses, items, { most: PAGE })) {
    await store.transaction(async (tx) => {
      const keyHashes = lot.map(({ keyHash }) => keyHash);
      const found = (await tx.getMany(licenses, keyHashes)).flatMap((license) => license ?? []);
      const recount = await ownersOfDeleted(tx, found, at);
      for (const license of found) {
        tx.delete(licenses, license.keyHash);
        forgetShards(tx, license);
      }
      recount(tx);
    });
  }
  return items.length;
}
