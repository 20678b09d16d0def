import { attemptLimit, countAttempt, NO_ATTEMPTS } from "./attempts.ts";
import { type Accepted, accept, type Decision, type Refusal, refuse } from "./decision.ts";
import { activated } from "./expiry.ts";
import { coversProduct, slotsOf, standing } from "./licenses.ts";
import type { Activation, License } from "./records.ts";
import { bindingsForgotten } from "./resets.ts";
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

/** As its client names it; what is left out stays as it was. */
export type Machine = {
  readonly fingerprint: string;
  readonly hostname?: string | undefined;
  readonly domain?: string | undefined;
  readonly address?: string | undefined;
};

/**
 * Whether a machine may use the license. Asking again from the same machine costs no slot. A refused
 * attempt changes documents too: it was an attempt.
 */
export function decideActivation(ask: {
  license: License | undefined;
  activation: Activation | undefined;
  activationId: string;
  machine: Machine;
  /** Left out: whatever product the license is of. */
  productId?: string | undefined;
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
  const uncounted = perMachine || counted.attempts === ask.license.attempts;
  const license = uncounted ? ask.license : { ...ask.license, attempts: counted.attempts };
  const attempts = perMachine ? counted.attempts : null;

  const covered = ask.productId === undefined || coversProduct(license, ask.productId);
  const refusal = standing(license, now) ?? (covered ? undefined : refuse("WRONG_PRODUCT"));
  const named = {
    hostname: machine.hostname ?? activation?.hostname ?? "",
    domain: machine.domain ?? activation?.domain ?? null,
    address: machine.address ?? activation?.address ?? null,
  };
  const seen: Activation = activation
    ? { ...activation, ...named, productId: license.productId, lastSeen: now, attempts }
    : {
        id: ask.activationId,
        licenseId: license.id,
        accountId: license.accountId,
        productId: license.productId,
        fingerprint: machine.fingerprint,
        ...named,
        firstSeen: now,
        lastSeen: now,
        ...nobodySeen(),
        seatExpiresAt: null,
        attempts,
        countedIn: license.countEpoch,
        seatShard: 0,
      };
  const held =
    refusal ?? takeSlot({ license, activation: seen, known: Boolean(activation), now, settings });
  if (held.ok) {
    const met = countrySeen(activated(held.license, now), ask.caller.country, now);
    const next = {
      license: activation ? met : machineAdded(met, ask.activationId, now),
      activation: calledFrom(held.activation, ask.caller, now),
    };
    const changed = next.license === ask.license ? { activation: next.activation } : next;
    return { ...accept(next), changed };
  }
  if (!perMachine) {
    const full = held.code === "SEAT_LIMIT_REACHED";
    const noted = full ? machineTurnedAway(license, ask.activationId, now) : license;
    return { ...held, changed: noted === ask.license ? {} : { license: noted } };
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
 * Frees the slots of all those that are still there, and forgets what was bound and what was tried: a
 * vendor who starts over for a customer does not leave them locked out.
 */
export function decideReset(ask: {
  license: License;
  activations: readonly (Activation | undefined)[];
  now: number;
}): { license: License; forgotten: Activation[] } {
  const forgotten = ask.activations.filter((activation) => activation !== undefined);
  const freed = slotsFreed(ask.license, forgotten);
  const license = bindingsForgotten(freed, ["hwid", "ip"], ask.now);
  const untried = license.attempts.count === 0 ? license : { ...license, attempts: NO_ATTEMPTS };
  return { license: untried, forgotten };
}
