import { slotsOf } from "../../core/licenses.ts";
import type { License } from "../../core/records.ts";
import { closed } from "../../core/seat-shards.ts";
import { countIn, countingStarted } from "../../core/slots.ts";
import { activations, licenses, seatShards } from "../../store/collections.ts";
import { shardIdsOf } from "../activations/seat-counter.ts";
import type { Deps } from "../deps.ts";

const PAGE = 200;

/**
 * Makes the counters of an unlimited license true, so that a limit can be set on it. From the first
 * transaction on whoever comes or goes is counted there, so whoever is not counted was there before
 * and is met by the walk; each page looks again. Returns the epoch in which all are counted, or
 * `undefined` when the license was changed under the walk.
 */
export async function countMachines(deps: Deps, keyHash: string): Promise<number | undefined> {
  const license = await startCounting(deps, keyHash);
  if (!license || slotsOf(license) !== undefined) return license?.countEpoch;
  let after: string | undefined;
  do {
    const page = await deps.store.query(activations, "byLicense", {
      equal: { licenseId: license.id },
      limit: PAGE,
      after,
    });
    const ids = page.items.map((activation) => activation.id);
    if (ids.length > 0 && !(await countPage(deps, license, ids))) return undefined;
    after = page.next;
  } while (after);
  return license.countEpoch;
}

const startCounting = (deps: Deps, keyHash: string): Promise<License | undefined> =>
  deps.store.transaction(async (tx) => {
    const license = await tx.get(licenses, keyHash);
    if (!license || license.countAhead || slotsOf(license) !== undefined) return license;
    const counting = countingStarted(license);
    const shards = await tx.getMany(seatShards, shardIdsOf(license, license.seatShards));
    tx.set(licenses, counting);
    for (const shard of shards) if (shard) tx.set(seatShards, closed(shard, counting.countEpoch));
    return counting;
  });

const countPage = (deps: Deps, license: License, ids: readonly string[]): Promise<boolean> =>
  deps.store.transaction(async (tx) => {
    const current = await tx.get(licenses, license.keyHash);
    if (current?.id !== license.id || current.countEpoch !== license.countEpoch) return false;
    const outcome = countIn(current, await tx.getMany(activations, ids));
    if (outcome.counted.length === 0) return true;
    tx.set(licenses, outcome.license);
    for (const activation of outcome.counted) tx.set(activations, activation);
    return true;
  });
