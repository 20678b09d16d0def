import type { Refusal } from "../../core/decision.ts";
import { slotsOf } from "../../core/licenses.ts";
import type { Activation, License, SeatShard } from "../../core/records.ts";
import {
  dealt,
  inShard,
  isInStep,
  isSpread,
  licenseAfter,
  mustSpread,
  shardAfter,
  shardOf,
  shardsWanted,
} from "../../core/seat-shards.ts";
import type { Settings } from "../../core/slots.ts";
import { derivedId } from "../../crypto/vault.ts";
import { licenses, seatShards } from "../../store/collections.ts";
import {
  type Reader,
  StoreUnavailableError,
  type Transaction,
} from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";

const shardIdOf = (license: License, number: number): string =>
  derivedId("seat-shard", license.id, String(number));

export const shardIdsOf = (license: License, count: number): string[] =>
  Array.from({ length: count }, (_, number) => shardIdOf(license, number));

/** What counts a seat: the license, or a shard of it. */
export type Counter = {
  readonly license: License;
  readonly shard: SeatShard | undefined;
  /** The license as the rules are to judge it. */
  readonly seen: License;
};

/** Whether a rule changed more than what the shard holds: the license must be read under lock then. */
export const isBeyond = ({ license, shard }: Counter, after: License): boolean =>
  shard !== undefined && licenseAfter(license, shard, after) !== license;

/** Where an activation says that it is counted. */
export const placeOf = (counter: Counter | undefined): Partial<Pick<Activation, "seatShard">> =>
  counter?.shard ? { seatShard: counter.shard.number } : {};

/** A refusal names the limit of the license, not that of a shard. */
export const limitedAs = (refusal: Refusal, license: License | undefined): Refusal =>
  license && isSpread(license) && refusal.limit !== undefined
    ? { ...refusal, limit: slotsOf(license) ?? refusal.limit }
    : refusal;

/** The counter of a seat that is asked for; `undefined` where the seats must be dealt out first. */
export async function counterFor(
  reader: Reader,
  license: License,
  machine: { readonly activationId: string; readonly activation: Activation | undefined },
  { asked, settings }: { readonly asked: number | undefined; readonly settings: Settings },
): Promise<Counter | undefined> {
  if (!isSpread(license)) {
    return mustSpread(license, settings) ? undefined : { license, shard: undefined, seen: license };
  }
  const number = shardOf(license, machine, asked);
  const shard = await reader.get(seatShards, shardIdOf(license, number));
  return isInStep(license, shard) ? { license, shard, seen: inShard(license, shard) } : undefined;
}

/** The counters of the seats that those machines may hold, each with its machines; or all there are. */
export async function countersOf(
  reader: Reader,
  license: License,
  machines: readonly Activation[],
  which: "theirs" | "all" = "theirs",
): Promise<{ counter: Counter; machines: readonly Activation[] }[]> {
  if (!isSpread(license)) {
    return [{ counter: { license, shard: undefined, seen: license }, machines }];
  }
  // One without a seat may name a shard of a time when there were more.
  const groups = Map.groupBy(machines, (activation) =>
    shardOf(license, { activationId: activation.id, activation }, 0),
  );
  const numbers = which === "all" ? [...Array(license.seatShards).keys()] : [...groups.keys()];
  const shards = await reader.getMany(
    seatShards,
    numbers.map((number) => shardIdOf(license, number)),
  );
  return shards.map((shard, index) => {
    if (shard?.epoch !== license.countEpoch) throw new StoreUnavailableError("Dealt out anew.");
    const counter = { license, shard, seen: inShard(license, shard) };
    return { counter, machines: groups.get(numbers[index] ?? 0) ?? [] };
  });
}

/** Writes what a rule changed of what it saw, and returns the license as it is then. */
export function saveCounter(tx: Transaction, counter: Counter, after: License): License {
  const { license, shard, seen } = counter;
  if (after === seen) return license;
  if (!shard) {
    tx.set(licenses, after);
    return after;
  }
  const next = shardAfter(shard, after);
  if (next !== shard) tx.set(seatShards, next);
  const rest = licenseAfter(license, shard, after);
  if (rest !== license) tx.set(licenses, rest);
  return rest;
}

/** Deletes the shards of a license that is deleted. */
export function forgetShards(tx: Transaction, license: License): void {
  for (const id of shardIdsOf(license, license.seatShards)) tx.delete(seatShards, id);
}

/** Deals a pool's seats out to its shards, as its terms are now. */
export const dealSeats = (deps: Deps, keyHash: string): Promise<void> =>
  deps.seatPools.deal(keyHash, () =>
    deps.store.transaction(async (tx) => {
      const license = await tx.get(licenses, keyHash);
      if (!license || !(isSpread(license) || mustSpread(license, deps.settings))) return license;
      const ids = shardIdsOf(license, shardsWanted(license));
      const known = await tx.getMany(seatShards, ids);
      if (isSpread(license) && known.every((shard) => isInStep(license, shard))) return license;
      const next = dealt(license, known, (number) => ids[number] ?? "");
      tx.set(licenses, next.license);
      for (const shard of next.shards) tx.set(seatShards, shard);
      return next.license;
    }),
  );

/** Of a pool that is nearly full a few are enough: most have some seat left. */
const LOOKED_AT_FIRST = 2;

/**
 * A shard that has a free seat, or `undefined` when none has; `choice` picks among several, so that
 * machines do not all go to one.
 */
export async function shardWithRoom(
  reader: Reader,
  license: License,
  choice: number,
): Promise<number | "deal" | undefined> {
  const all = [...Array(license.seatShards).keys()];
  const some = all.slice(0, LOOKED_AT_FIRST).map((step) => (choice + step) % all.length);
  for (const numbers of [some, all]) {
    const shards = await reader.getMany(
      seatShards,
      numbers.map((number) => shardIdOf(license, number)),
    );
    if (!shards.every((shard) => isInStep(license, shard))) return "deal";
    const free = numbers.filter((_, index) => {
      const shard = shards[index];
      return shard && shard.used < shard.seats;
    });
    if (free.length > 0) return free[choice % free.length];
  }
  return undefined;
}
