import { accept, type Decision, refuse } from "../../core/decision.ts";
import { machineEvent } from "../../core/events.ts";
import { standing } from "../../core/licenses.ts";
import type { Activation, License } from "../../core/records.ts";
import { decideCheckIn, decideSeatReturn } from "../../core/seats.ts";
import type { Held } from "../../core/slots.ts";
import { countrySeen } from "../../core/watch.ts";
import type { SessionClaims } from "../../crypto/session-tokens.ts";
import { activations, licenses } from "../../store/collections.ts";
import type { Transaction } from "../../store/document-store.ts";
import type { Deps } from "../deps.ts";
import { announcer } from "../events/announce.ts";
import { enforceLater } from "../licenses/enforce.ts";
import { counted } from "../stats/usage-counters.ts";
import { activationIdOf, callerOf, keyHashOf, loadHeld, type MachineAsk } from "./machine.ts";
import { reclaimSeatsOf } from "./reclaim-seats.ts";
import { readToken } from "./tokens.ts";

export type CheckInAsk = MachineAsk & { readonly token: string };
type Tell = (tx: Transaction, held: Held) => void;
export type CheckedIn = Held & { readonly claims: SessionClaims; readonly tokenExpiresAt: number };

/**
 * A sign of life under a session token: renews a floating seat, and takes one back if it had lapsed
 * and one is free. Two documents read, one written, and the event `tells` where it is wanted.
 */
export async function checkIn(
  deps: Deps,
  ask: CheckInAsk,
  tells?: "license.validated",
): Promise<Decision<CheckedIn>> {
  const keyHash = keyHashOf(deps, ask.licenseKey);
  // Read outside the transaction: heartbeats of a big pool must not queue for its license.
  const license = await deps.store.get(licenses, keyHash);
  if (!license) return refuse("LICENSE_NOT_FOUND");
  return counted(deps, license, await checkInTo(deps, license, ask, tells));
}

async function checkInTo(
  deps: Deps,
  license: License,
  ask: CheckInAsk,
  tells: "license.validated" | undefined,
): Promise<Decision<CheckedIn>> {
  const token = await readToken(deps, ask);
  if (!token.ok) return token;
  const refusal = standing(license, deps.now());
  if (refusal) return refusal;
  const { accountId, productId } = license;
  const told = tells && (await deps.subscribed(accountId, { type: tells, productId }));
  const announce = announcer(deps);
  const tell: Tell = (tx, held) => {
    if (tells && told) announce(tx, machineEvent(tells, held));
  };
  const seen = await renew(deps, license, ask, tell);
  if (!seen.ok) return seen;
  const held = seen.seatLost ? await returnSeat(deps, license, ask, tell) : seen;
  return held.ok ? { ...token, ...held } : held;
}

async function renew(
  deps: Deps,
  license: License,
  ask: CheckInAsk,
  tell: Tell,
): Promise<Decision<Held & { seatLost: boolean }>> {
  const now = deps.now();
  const caller = callerOf(deps);
  let before: Activation | undefined;
  const decision = await deps.store.transaction(async (tx) => {
    const activation = await tx.get(activations, activationIdOf(license, ask.machineFingerprint));
    before = activation;
    const decided = decideCheckIn({ license, activation, caller, now, settings: deps.settings });
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
  ask: CheckInAsk,
  tell: Tell,
): Promise<Decision<Held>> {
  const take = () =>
    deps.store.transaction(async (tx): Promise<Decision<Held>> => {
      const held = await loadHeld(tx, license.keyHash, ask.machineFingerprint);
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
