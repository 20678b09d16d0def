import { accept, type Decision } from "../../core/decision.ts";
import type { Activation, License } from "../../core/records.ts";
import { decideCheckIn, decideSeatReturn } from "../../core/seats.ts";
import type { Held } from "../../core/slots.ts";
import { countrySeen } from "../../core/watch.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { enforceLater } from "../licenses/enforce.ts";
import { activationIdOf, callerOf, loadHeld } from "./machine.ts";
import { reclaimSeatsOf } from "./reclaim-seats.ts";

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
  const take = () =>
    deps.store.transaction(async (tx): Promise<Decision<Held>> => {
      const held = await loadHeld(tx, license.keyHash, fingerprint);
      const decision = decideSeatReturn({ ...held, now: deps.now(), settings: deps.settings });
      if (!decision.ok) return decision;
      tx.set(licenses, decision.license);
      tx.set(activations, decision.activation);
      tell(tx, decision);
      return accept({ license: decision.license, activation: decision.activation });
    });
  const first = await take();
  if (first.ok || first.code !== "SEAT_LIMIT_REACHED") return first;
  const freed = await reclaimSeatsOf(deps, license);
  return freed > 0 ? take() : first;
}
