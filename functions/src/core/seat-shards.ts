import { NO_ATTEMPTS } from "./attempts.ts";
import { slotsOf } from "./licenses.ts";
import type { Activation, License, SeatShard } from "./records.ts";
import type { Settings } from "./slots.ts";
import { NOTHING_WATCHED } from "./watch.ts";

/** So that a shard of a pool that fills within ten minutes is written every other second. */
const SEATS_PER_SHARD = 250;
/** What one transaction may comfortably deal out anew. */
const MOST_SHARDS = 64;

/** How many shards the license has or, where it needs more, is to have. */
export const shardsWanted = (license: License): number =>
  Math.max(
    license.seatShards,
    Math.min(MOST_SHARDS, Math.ceil((slotsOf(license) ?? 0) / SEATS_PER_SHARD)),
  );

/** Whether the seats are counted in shards; how many there are only grows. */
export const isSpread = (license: License): boolean =>
  license.seatShards > 0 && license.licenseType === "floating" && slotsOf(license) !== undefined;

export const mustSpread = (
  license: License,
  { seatShardsFrom }: Pick<Settings, "seatShardsFrom">,
): boolean =>
  seatShardsFrom > 0 &&
  license.licenseType === "floating" &&
  license.seatShards === 0 &&
  (slotsOf(license) ?? 0) >= seatShardsFrom;

/** Where a machine asks first; `id` is that of its activation, a hash. */
export function homeShard(license: License, id: string): number {
  let mixed = 0;
  for (const sign of id.slice(0, 8)) mixed = (Math.imul(mixed, 31) + sign.charCodeAt(0)) >>> 0;
  return mixed % Math.max(1, license.seatShards);
}

/** Where the machine's seat is counted; else where it asks, at home unless it says otherwise. */
export const shardOf = (
  license: License,
  machine: { readonly activationId: string; readonly activation: Activation | undefined },
  asked: number | undefined,
): number => {
  const { activation } = machine;
  const held = activation?.seatExpiresAt != null && activation.countedIn === license.countEpoch;
  return held ? activation.seatShard : (asked ?? homeShard(license, machine.activationId));
};

/** Whether the shard's part was dealt out under the license's terms as they are. */
export const isInStep = (license: License, shard: SeatShard | undefined): shard is SeatShard =>
  shard?.epoch === license.countEpoch && shard.limit === slotsOf(license);

/** The pool as one of its shards sees it: a small license, which every rule can judge. */
export const inShard = (license: License, shard: SeatShard): License => ({
  ...license,
  maxConcurrent: shard.seats,
  seatsUsed: shard.used,
  attempts: shard.attempts,
  watch: { ...license.watch, turnedAway: shard.turnedAway },
});

/** What a rule changed of the shard; the same object when it changed nothing. */
export function shardAfter(shard: SeatShard, seen: License): SeatShard {
  const { seatsUsed: used, attempts } = seen;
  const { turnedAway } = seen.watch;
  const same =
    used === shard.used && attempts === shard.attempts && turnedAway === shard.turnedAway;
  return same ? shard : { ...shard, used, attempts, turnedAway };
}

/** What a rule changed of the license itself; the same object when it changed nothing. */
export function licenseAfter(license: License, shard: SeatShard, seen: License): License {
  const { maxConcurrent, seatsUsed, attempts } = license;
  const { turnedAway } = license.watch;
  const watch = { ...seen.watch, turnedAway };
  const next = { ...seen, maxConcurrent, seatsUsed, attempts, watch };
  const before = { ...inShard(license, shard), maxConcurrent, seatsUsed, attempts };
  const changed = (Object.keys(next) as (keyof License)[]).some((name) =>
    name === "watch"
      ? watch.countries !== license.watch.countries ||
        watch.newMachines !== license.watch.newMachines
      : next[name] !== before[name],
  );
  return changed ? next : license;
}

/**
 * Deals the seats out to the shards. What is free is dealt evenly; where a lowered limit leaves more
 * seats taken than there are, each shard has to give up its part before it grants again.
 */
export function dealt(
  license: License,
  shards: readonly (SeatShard | undefined)[],
  idOf: (number: number) => string,
): { license: License; shards: SeatShard[] } {
  const limit = slotsOf(license) ?? 0;
  const count = shardsWanted(license);
  const first = license.seatShards === 0;
  const current = Array.from({ length: count }, (_, number): SeatShard => {
    const known = shards[number];
    if (known && !first) return known;
    return {
      id: idOf(number),
      licenseId: license.id,
      accountId: license.accountId,
      number,
      epoch: license.countEpoch,
      limit,
      seats: 0,
      // Seats that the license counted until now are those of the first shard.
      used: first && number === 0 ? license.seatsUsed : 0,
      attempts: NO_ATTEMPTS,
      turnedAway: NOTHING_WATCHED.turnedAway,
    };
  });
  const parts = partsOf(
    limit,
    current.map(({ used }) => used),
  );
  return {
    // A version that knows no shards finds the pool full.
    license: { ...license, seatShards: count, seatsUsed: limit },
    shards: current.map((shard, number) => ({
      ...shard,
      epoch: license.countEpoch,
      limit,
      seats: parts[number] ?? 0,
    })),
  };
}

/** The limit in as many whole parts as shards, by what each of them has taken. */
function partsOf(limit: number, used: readonly number[]): number[] {
  const taken = usedIn(used.map((each) => ({ used: each })));
  if (taken <= limit) {
    const free = limit - taken;
    const each = Math.floor(free / used.length);
    return used.map((own, number) => own + each + (number < free % used.length ? 1 : 0));
  }
  const parts = used.map((own) => Math.floor((own * limit) / taken));
  let left = limit - parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part, number) => {
    if (left === 0 || part >= (used[number] ?? 0)) return part;
    left -= 1;
    return part + 1;
  });
}

/** So that whoever still goes by it looks again. */
export const closed = (shard: SeatShard, epoch: number): SeatShard => ({
  ...shard,
  epoch,
  limit: 0,
  seats: 0,
  used: 0,
});

export const usedIn = (shards: readonly (Pick<SeatShard, "used"> | undefined)[]): number =>
  shards.reduce((sum, shard) => sum + (shard?.used ?? 0), 0);
