import { attemptLimit, countAttempt } from "./attempts.ts";
import { type Accepted, accept, type Decision, type Refusal, refuse } from "./decision.ts";
import { coversProduct, slotsOf, standing } from "./licenses.ts";
import type { Activation, License } from "./records.ts";

/** The documents a decision leaves changed; the caller writes them and nothing else. */
export type Changed = { readonly license?: License; readonly activation?: Activation };

export type Settings = {
  /** How long a floating seat lives without a heartbeat. */
  readonly seatTtlMs: number;
  readonly activationAttemptsPerHour: number;
};

type Machine = { readonly fingerprint: string; readonly hostname: string };

type Held = { readonly license: License; readonly activation: Activation };

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
    ? { ...activation, hostname: machine.hostname, lastSeen: now, attempts }
    : {
        id: ask.activationId,
        licenseId: license.id,
        accountId: license.accountId,
        ...machine,
        firstSeen: now,
        lastSeen: now,
        seatExpiresAt: null,
        attempts,
      };
  const held =
    refusal ?? takeSlot({ license, activation: seen, known: Boolean(activation), now, settings });
  if (held.ok) {
    const changed = held.license === ask.license ? {} : { license: held.license };
    return { ...held, changed: { ...changed, activation: held.activation } };
  }
  if (!perMachine) return { ...held, changed: { license } };
  return { ...held, changed: activation ? { activation: { ...activation, attempts } } : {} };
}

/** Gives the machine a slot of the license, or keeps the one it has. */
function takeSlot(ask: {
  license: License;
  activation: Activation;
  known: boolean;
  now: number;
  settings: Settings;
}): Decision<Held> {
  const { license, activation, known, now } = ask;
  const slots = slotsOf(license);
  if (license.licenseType !== "floating") {
    if (known || slots === undefined) return accept({ license, activation });
    if (license.machinesUsed >= slots) return refuse("MACHINE_LIMIT_REACHED", { limit: slots });
    return accept({ license: { ...license, machinesUsed: license.machinesUsed + 1 }, activation });
  }
  const seated = { ...activation, seatExpiresAt: now + ask.settings.seatTtlMs };
  // A lapsed seat that nobody reclaimed is still counted, so its machine simply keeps it.
  if (slots === undefined || activation.seatExpiresAt !== null) {
    return accept({ license, activation: seated });
  }
  if (license.seatsUsed >= slots) return refuse("SEAT_LIMIT_REACHED", { limit: slots });
  return accept({ license: { ...license, seatsUsed: license.seatsUsed + 1 }, activation: seated });
}

/** A sign of life of an activated machine. `seatLost` asks for `decideSeatReturn`. */
export function decideCheckIn(ask: {
  license: License;
  activation: Activation | undefined;
  now: number;
  settings: Settings;
}): Decision<{ activation: Activation; seatLost: boolean }> {
  const { license, activation, now } = ask;
  if (!activation) return refuse("NOT_ACTIVATED");
  const seen = { ...activation, lastSeen: now };
  if (license.licenseType !== "floating") return accept({ activation: seen, seatLost: false });
  if (activation.seatExpiresAt === null) return accept({ activation: seen, seatLost: true });
  const seatExpiresAt = now + ask.settings.seatTtlMs;
  return accept({ activation: { ...seen, seatExpiresAt }, seatLost: false });
}

/** Takes a reclaimed seat back if one is free. */
export function decideSeatReturn(ask: {
  license: License | undefined;
  activation: Activation | undefined;
  now: number;
  settings: Settings;
}): Decision<Held> {
  const { license, activation, now, settings } = ask;
  if (!license) return refuse("LICENSE_NOT_FOUND");
  const refusal = standing(license, now);
  if (refusal) return refusal;
  if (!activation) return refuse("NOT_ACTIVATED");
  return takeSlot({
    license,
    activation: { ...activation, lastSeen: now },
    known: true,
    now,
    settings,
  });
}

/** Frees the machine's slot. Allowed whatever the license's standing. */
export function decideDeactivation(ask: {
  license: License | undefined;
  activation: Activation | undefined;
}): Decision<Held> {
  const { license, activation } = ask;
  if (!license) return refuse("LICENSE_NOT_FOUND");
  if (!activation) return refuse("NOT_ACTIVATED");
  if (slotsOf(license) === undefined) return accept({ license, activation });
  if (license.licenseType === "floating") {
    return accept({
      license: seatsFreed(license, activation.seatExpiresAt === null ? 0 : 1),
      activation,
    });
  }
  const machinesUsed = Math.max(0, license.machinesUsed - 1);
  return accept({ license: { ...license, machinesUsed }, activation });
}

/** Frees the seats that are over now; those renewed meanwhile stay. */
export function reclaimSeats(ask: {
  license: License;
  activations: readonly (Activation | undefined)[];
  now: number;
}): { license: License; freed: Activation[] } {
  const freed = ask.activations.flatMap((activation) =>
    activation?.seatExpiresAt != null && activation.seatExpiresAt <= ask.now
      ? [{ ...activation, seatExpiresAt: null }]
      : [],
  );
  return { license: seatsFreed(ask.license, freed.length), freed };
}

function seatsFreed(license: License, count: number): License {
  if (slotsOf(license) === undefined || count === 0) return license;
  return { ...license, seatsUsed: Math.max(0, license.seatsUsed - count) };
}
