import { attemptLimit, countAttempt, NO_ATTEMPTS } from "./attempts.ts";
import { type Accepted, accept, type Decision, type Refusal, refuse } from "./decision.ts";
import { coversProduct, slotsOf, standing } from "./licenses.ts";
import type { Activation, License } from "./records.ts";
import { type Held, type Settings, slotsFreed, takeSlot } from "./slots.ts";
import {
  type Caller,
  calledFrom,
  countrySeen,
  machineAdded,
  machineTurnedAway,
  nobodySeen,
} from "./watch.ts";

/** The documents a decision leaves changed; the caller writes them and nothing else. */
export type Changed = { readonly license?: License; readonly activation?: Activation };

type Machine = { readonly fingerprint: string; readonly hostname: string };

/**
 * Whether a machine may use the license. Asking again from the same machine costs no slot. A refused
 * attempt changes documents too: it was an attempt.
 */
export function decideActivation(ask: {
  license: License | undefined;
  activation: Activation | undefined;
  activationId: string;
  machine: Machine;
  productId: string;
  caller: Caller;
  now: number;
  settings: Settings;
}): (Accepted<Held> | Refusal) & { changed: Changed } {
  const { activation, machine, now, settings } = ask;
  if (!ask.license) return { ...refuse("LICENSE_NOT_FOUND"), changed: {} };
  const slots = slotsOf(ask.license);
  // Without slots there is no telling how many machines are too many: each has its own budget.
  const perMachine = slots === undefined;
  const counted = countAttempt(
    perMachine ? (activation?.attempts ?? null) : ask.license.attempts,
    attemptLimit(slots, settings.activationAttemptsPerHour),
    now,
  );
  if (!counted.ok) return { ...counted, changed: {} };
  const license = perMachine ? ask.license : { ...ask.license, attempts: counted.attempts };
  const attempts = perMachine ? counted.attempts : null;

  const refusal =
    standing(license, now) ??
    (coversProduct(license, ask.productId) ? undefined : refuse("WRONG_PRODUCT"));
  const seen: Activation = activation
    ? {
        ...activation,
        productId: license.productId,
        hostname: machine.hostname,
        lastSeen: now,
        attempts,
      }
    : {
        id: ask.activationId,
        licenseId: license.id,
        accountId: license.accountId,
        productId: license.productId,
        ...machine,
        firstSeen: now,
        lastSeen: now,
        ...nobodySeen(),
        seatExpiresAt: null,
        attempts,
        countedIn: license.countEpoch,
      };
  const held =
    refusal ?? takeSlot({ license, activation: seen, known: Boolean(activation), now, settings });
  if (held.ok) {
    const met = countrySeen(held.license, ask.caller.country, now);
    const next = {
      license: activation ? met : machineAdded(met, ask.activationId, now),
      activation: calledFrom(held.activation, ask.caller, now),
    };
    const changed = next.license === ask.license ? { activation: next.activation } : next;
    return { ...accept(next), changed };
  }
  if (!perMachine) {
    const full = held.code === "SEAT_LIMIT_REACHED";
    const changed = full ? machineTurnedAway(license, ask.activationId, now) : license;
    return { ...held, changed: { license: changed } };
  }
  return { ...held, changed: activation ? { activation: { ...activation, attempts } } : {} };
}

/** Frees the machine's slot. Allowed whatever the license's standing. */
export function decideDeactivation(ask: {
  license: License | undefined;
  activation: Activation | undefined;
}): Decision<Held> {
  const { license, activation } = ask;
  if (!license) return refuse("LICENSE_NOT_FOUND");
  if (!activation) return refuse("NOT_ACTIVATED");
  return accept({ license: slotsFreed(license, [activation]), activation });
}

/**
 * Frees the slots of all those that are still there, and forgets what was tried: a vendor who starts
 * over for a customer does not leave them locked out.
 */
export function decideReset(ask: {
  license: License;
  activations: readonly (Activation | undefined)[];
}): { license: License; forgotten: Activation[] } {
  const forgotten = ask.activations.filter((activation) => activation !== undefined);
  const license = slotsFreed(ask.license, forgotten);
  const untried = license.attempts.count === 0 ? license : { ...license, attempts: NO_ATTEMPTS };
  return { license: untried, forgotten };
}
