import type { License } from "../../core/records.ts";
import { isSpread, usedIn } from "../../core/seat-shards.ts";
import { licenses, seatShards } from "../../store/collections.ts";
import type { Reader } from "../../store/document-store.ts";
import { shardIdsOf } from "./seat-counter.ts";

/** What an instance remembers of pools that are counted in shards. */
export type SeatPools = {
  /**
   * The license, if this instance knows it to be such a pool: read outside a transaction, in which
   * everybody would queue for it.
   */
  readonly known: (reader: Reader, keyHash: string) => Promise<License | undefined>;
  readonly note: (license: License) => void;
  /** Runs it, unless another caller of this instance does; then waits for that one. */
  readonly deal: (keyHash: string, run: () => Promise<License | undefined>) => Promise<void>;
  /** Seats taken, as of a few seconds ago: answers to clients do not pay for a sum each. */
  readonly used: (reader: Reader, license: License) => Promise<number>;
};

const FRESH_MS = 5_000;
const MAX_REMEMBERED = 10_000;

export function createSeatPools({ now }: { now: () => number }): SeatPools {
  const pools = new Set<string>();
  const dealing = new Map<string, Promise<void>>();
  const sums = new Map<string, { readAt: number; used: Promise<number> }>();
  const note: SeatPools["note"] = (license) => {
    if (!isSpread(license)) return;
    if (pools.size >= MAX_REMEMBERED) pools.clear();
    pools.add(license.keyHash);
  };
  return {
    note,
    async known(reader, keyHash) {
      if (!pools.has(keyHash)) return undefined;
      const license = await reader.get(licenses, keyHash);
      if (license && isSpread(license)) return license;
      pools.delete(keyHash);
      return undefined;
    },
    deal(keyHash, run) {
      const started = dealing.get(keyHash);
      if (started) return started;
      const dealt = run()
        .then((license) => license && note(license))
        .finally(() => dealing.delete(keyHash));
      dealing.set(keyHash, dealt);
      return dealt;
    },
    used(reader, license) {
      const at = now();
      const sum = sums.get(license.id);
      // A clock that stepped back must not keep it for longer.
      if (sum && Math.abs(at - sum.readAt) < FRESH_MS) return sum.used;
      const used = usedNow(reader, license);
      if (sums.size >= MAX_REMEMBERED) sums.clear();
      sums.set(license.id, { readAt: at, used });
      used.catch(() => sums.delete(license.id));
      return used;
    },
  };
}

/** Reads every shard. */
export const usedNow = async (reader: Reader, license: License): Promise<number> =>
  usedIn(await reader.getMany(seatShards, shardIdsOf(license, license.seatShards)));
