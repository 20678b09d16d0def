import type { Decision } from "../../core/decision.ts";
import type { License } from "../../core/records.ts";
import { isSpread } from "../../core/seat-shards.ts";
import { StoreUnavailableError } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { reclaimSeatsOf } from "./reclaim-seats.ts";
import { dealSeats, shardWithRoom } from "./seat-counter.ts";

/** One attempt to take a seat. */
export type SeatTry = {
  /** A license that is counted in shards, read outside the transaction. */
  readonly pool: License | undefined;
  /** The shard to ask; left out: the machine's own. */
  readonly shard: number | undefined;
  /** There is no other place to look: a refusal stands. */
  readonly lastTry: boolean;
};

/** `first` says what has to be done before the decision is one. */
export type Tried<D> = {
  readonly decision: D;
  readonly held: License | undefined;
  readonly first: "deal" | "lock" | undefined;
};

/** Others who take the last seats at the same time can make more than three necessary. */
const MAX_TRIES = 10;

/**
 * Takes a seat where there is one; `refusalCounts` where a refusal writes something, and so is asked
 * for once more. A full pool may hold lapsed seats, which are reclaimed; one that
 * is counted in shards may have room in another. Only when all of it was seen full is it refused.
 */
export async function seekSeat<D extends Decision<object>>(
  deps: Deps,
  keyHash: string,
  take: (at: SeatTry) => Promise<Tried<D>>,
  { refusalCounts }: { refusalCounts: boolean },
): Promise<Tried<D>> {
  const start = { pool: await deps.seatPools.known(deps.store, keyHash), shard: undefined };
  let at: SeatTry = { ...start, lastTry: false };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const tried = await take(at);
    const { decision, held, first } = tried;
    if (held) deps.seatPools.note(held);
    if (first === "lock") at = { ...at, pool: undefined };
    else if (first === "deal") {
      await dealSeats(deps, keyHash);
      const pool = await deps.seatPools.known(deps.store, keyHash);
      at = { pool, shard: undefined, lastTry: false };
    } else if (decision.ok || decision.code !== "SEAT_LIMIT_REACHED" || at.lastTry) return tried;
    else {
      const next = await elsewhere(deps, keyHash, held);
      if (!next.freed && next.at.lastTry && !refusalCounts) return tried;
      at = next.at;
    }
  }
  throw new StoreUnavailableError("Others take the pool's last seats.");
}

async function elsewhere(
  deps: Deps,
  keyHash: string,
  held: License | undefined,
): Promise<{ at: SeatTry; freed: boolean }> {
  const home = { pool: undefined, shard: undefined };
  if (!held || !isSpread(held)) {
    const freed = held ? await reclaimSeatsOf(deps, held) : 0;
    return { at: { ...home, lastTry: true }, freed: freed > 0 };
  }
  const choice = deps.randomBytes(1)[0] ?? 0;
  const shard = await shardWithRoom(deps.store, held, choice);
  if (shard === "deal") await dealSeats(deps, keyHash);
  const pool = await deps.seatPools.known(deps.store, keyHash);
  if (shard === "deal") return { at: { ...home, pool, lastTry: false }, freed: false };
  if (shard !== undefined) return { at: { pool, shard, lastTry: false }, freed: false };
  const freed = await reclaimSeatsOf(deps, held);
  return { at: { ...home, pool, lastTry: freed === 0 }, freed: freed > 0 };
}
