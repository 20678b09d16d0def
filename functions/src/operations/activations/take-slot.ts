import { decideActivation, type Machine } from "../../core/activations.ts";
import { accept, type Decision, type Refusal, refuse } from "../../core/decision.ts";
import type { Found } from "../../core/enforcement.ts";
import { licenseEvent, machineEvent } from "../../core/events.ts";
import type { Held } from "../../core/slots.ts";
import { isTurnedAwayAnew } from "../../core/watch.ts";
import { activations } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { enforceLater } from "../licenses/enforce.ts";
import { mayReach, type Principal } from "../principal.ts";
import { counted, countFirstUse } from "../stats/usage-counters.ts";
import { callerOf, keyHashOf, loadHeld } from "./machine.ts";
import { counterFor, isBeyond, limitedAs, placeOf, saveCounter } from "./seat-counter.ts";
import { type SeatTry, seekSeat, type Tried } from "./seek-seat.ts";

export type SlotAsk = {
  readonly licenseKey: string;
  readonly machine: Machine;
  /** Left out: whatever product the license is of. */
  readonly productId?: string | undefined;
  /**
   * Whose API key the request has. Its licenses are all that it finds, and its own limit takes the
   * place of the attempts that a license has.
   */
  readonly principal?: Principal;
  /** Reads in the slot's transaction, and returns what it writes there when the slot is taken. */
  readonly beside?: (tx: Transaction) => Promise<Refusal | ((tx: Transaction, held: Held) => void)>;
};

/** `known`: the machine had an activation before. */
export type TakenSlot = Held & { readonly known: boolean };

/** Binds a machine to a license, or takes a floating seat. The same machine has one slot. */
export async function takeSlot(deps: Deps, ask: SlotAsk): Promise<Decision<TakenSlot>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  const { decision, held } = await seekSeat(
    deps,
    keyHash,
    (at) => tryOnce(deps, keyHash, ask, at),
    {
      refusalCounts: true,
    },
  );
  if (decision.ok && held?.activatedAt === null && decision.license.activatedAt !== null) {
    countFirstUse(deps, decision.license);
  }
  return counted(deps, decision.ok ? decision.license : held, decision);
}

/** `held` is the license that was asked about, which a refusal does not name. */
async function tryOnce(
  deps: Deps,
  keyHash: string,
  ask: SlotAsk,
  { pool, shard, lastTry }: SeatTry,
): Promise<Tried<Decision<TakenSlot>>> {
  const { machine, principal } = ask;
  const now = deps.now();
  const caller = callerOf(deps);
  const announce = announcer(deps);
  const settings = principal ? { ...deps.settings, activationAttemptsPerHour: 0 } : deps.settings;
  let first: Tried<unknown>["first"];
  let before: Found = {};
  let after: Found = {};
  const decision = await deps.once(async (tx): Promise<Decision<TakenSlot>> => {
    first = undefined;
    after = {};
    const found = await loadHeld(tx, keyHash, machine.fingerprint, pool);
    const { license } = found;
    const foreign =
      principal && license && !mayReach(principal, license.accountId, license.productId);
    const held = foreign ? { ...found, license: undefined } : found;
    const counter =
      held.license && (await counterFor(tx, held.license, held, { asked: shard, settings }));
    const beside = await ask.beside?.(tx);
    before = held;
    if (held.license && !counter) {
      first = "deal";
      return refuse("SEAT_LIMIT_REACHED");
    }
    const { changed, ...decision } = decideActivation({
      ...held,
      license: counter?.seen,
      machine,
      productId: ask.productId,
      caller,
      now,
      settings,
    });
    const noted = changed.license;
    if (counter && noted && pool && isBeyond(counter, noted)) {
      first = "lock";
      return refuse("SEAT_LIMIT_REACHED");
    }
    // A full pool may hold lapsed seats: the attempt counts when it is tried again.
    if (!decision.ok && decision.code === "SEAT_LIMIT_REACHED" && !lastTry) return decision;
    if (decision.ok && typeof beside === "object") return beside;
    const saved = counter && saveCounter(tx, counter, noted ?? counter.seen);
    const activation = changed.activation && { ...changed.activation, ...placeOf(counter) };
    if (activation) tx.set(activations, activation);
    after = { license: saved, activation: activation ?? held.activation };
    if (!decision.ok) {
      if (saved && noted && isTurnedAwayAnew(counter.seen, noted)) {
        const { fingerprint, hostname } = machine;
        const turnedAway = { machineFingerprint: fingerprint, hostname: hostname ?? "" };
        announce(tx, licenseEvent("license.seat_limit_reached", saved, turnedAway));
      }
      return limitedAs(decision, saved);
    }
    const known = held.activation !== undefined;
    const taken = {
      license: saved ?? decision.license,
      activation: activation ?? decision.activation,
    };
    if (!known) announce(tx, machineEvent("license.activated", taken));
    if (typeof beside === "function") beside(tx, taken);
    return accept({ ...taken, known });
  });
  enforceLater(deps, { before, after, saved: true });
  return { decision, held: before.license, first };
}
