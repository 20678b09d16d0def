import { accept, type Decision, refuse } from "../../core/decision.ts";
import type { Activation, License } from "../../core/records.ts";
import { decideCheckIn, decideSeatReturn } from "../../core/seats.ts";
import type { Held } from "../../core/slots.ts";
import { countrySeen } from "../../core/watch.ts";
import { activations } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { enforceLater } from "../licenses/enforce.ts";
import { activationIdOf, callerOf, loadHeld } from "./machine.ts";
import { counterFor, limitedAs, placeOf, saveCounter } from "./seat-counter.ts";
import { type SeatTry, seekSeat, type Tried } from "./seek-seat.ts";

export type SignOfLife = {
  readonly fingerprint: string;
  /** Where it says it runs. */
  readonly domain?: string | undefined;
  /** Writes what the sign is told by, beside it. */
  readonly tell: (tx: Transaction, held: Held) => void;
};

/**
 * Notes that a machine was seen: renews a floating seat, and takes one back if it had lapsed and one
 * is free. `license` was read outside a transaction, as heartbeats of a big pool must not queue for it.
 */
export async function signOfLife(
  deps: Deps,
  license: License,
  sign: SignOfLife,
): Promise<Decision<Held>> {
  const seen = await renew(deps, license, sign);
  return seen.ok && seen.seatLost ? returnSeat(deps, license, sign) : seen;
}

async function renew(
  deps: Deps,
  license: License,
  { fingerprint, domain, tell }: SignOfLife,
): Promise<Decision<Held & { seatLost: boolean }>> {
  const { settings } = deps;
  const now = deps.now();
  const caller = callerOf(deps);
  let before: Activation | undefined;
  const decision = await deps.store.transaction(async (tx) => {
    const activation = await tx.get(activations, activationIdOf(license, fingerprint));
    before = activation;
    const decided = decideCheckIn({ license, activation, domain, caller, now, settings });
    if (decided.ok && !decided.seatLost) {
      tx.set(activations, decided.activation);
      tell(tx, { license, activation: decided.activation });
    }
    return decided;
  });
  if (!decision.ok) return decision;
  const { activation } = decision;
  enforceLater(deps, {
    before: { license, activation: before },
    after: { license: countrySeen(license, caller.country, now), activation },
    saved: false,
  });
  return { ...decision, license };
}

async function returnSeat(
  deps: Deps,
  license: License,
  { fingerprint, tell }: SignOfLife,
): Promise<Decision<Held>> {
  const { settings } = deps;
  const take = async ({ pool, shard }: SeatTry): Promise<Tried<Decision<Held>>> => {
    let first: Tried<unknown>["first"];
    let found: License | undefined;
    const decision = await deps.store.transaction(async (tx): Promise<Decision<Held>> => {
      first = undefined;
      const held = await loadHeld(tx, license.keyHash, fingerprint, pool);
      found = held.license;
      const counter = found && (await counterFor(tx, found, held, { asked: shard, settings }));
      if (found && !counter) {
        first = "deal";
        return refuse("SEAT_LIMIT_REACHED");
      }
      const now = deps.now();
      const decided = decideSeatReturn({ ...held, license: counter?.seen, now, settings });
      if (!decided.ok || !counter) return decided.ok ? decided : limitedAs(decided, found);
      const after = saveCounter(tx, counter, decided.license);
      const activation = { ...decided.activation, ...placeOf(counter) };
      tx.set(activations, activation);
      tell(tx, { license: after, activation });
      return accept({ license: after, activation });
    });
    return { decision, held: found, first };
  };
  return (await seekSeat(deps, license.keyHash, take, { refusalCounts: false })).decision;
}
